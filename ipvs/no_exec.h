// No child process, ever: a promise that the kernel keeps. A container's seccomp profile cannot
// give it, for the runtime itself calls execve once the profile is in force.
#pragma once

#include <system_error>

namespace ipvs {

// From now on this process cannot become another program, nor can threads that it starts later:
// execve and execveat answer EPERM, whoever calls them, and so does every call made for another
// architecture (seccomp(2)). For ever; gives up new privileges, too (PR_SET_NO_NEW_PRIVS). Call it
// before the first thread. An error says why the kernel does not give it; nothing is lost then.
[[nodiscard]] std::error_code give_up_exec();

}  // namespace ipvs
