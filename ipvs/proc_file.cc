#include "ipvs/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace ipvs {
namespace {

constexpr std::size_t kStep = 64 << 10;

}  // namespace

ProcFile::ProcFile(const char* path)
    : descriptor_(open((std::string("/proc/thread-self/") + path).c_str(), O_RDONLY | O_CLOEXEC)),
      error_(descriptor_ < 0 ? errno : 0) {}

ProcFile::~ProcFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

int ProcFile::read(std::string& text) {
  text.clear();
  if (error_ != 0) return error_;
  if (lseek(descriptor_, 0, SEEK_SET) < 0) return errno;
  for (std::size_t size = 0;;) {
    if (text.size() < size + kStep) text.resize(2 * text.size() + kStep);
    const auto got = ::read(descriptor_, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    size += static_cast<std::size_t>(got);
    if (got == 0) {
      text.resize(size);
      return 0;
    }
  }
}

}  // namespace ipvs
