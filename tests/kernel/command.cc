#include "tests/kernel/command.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace {

// `input` as a file to read from: no pipe that could fill up while nobody reads.
int file_with(const std::string& input) {
  FILE* file = std::tmpfile();
  if (file == nullptr) return -1;
  std::fwrite(input.data(), 1, input.size(), file);
  std::fflush(file);
  std::rewind(file);
  const int descriptor = dup(fileno(file));
  std::fclose(file);
  return descriptor;
}

[[noreturn]] void become(const std::vector<std::string>& argv, int network_namespace, int input,
                         int output) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  if (network_namespace >= 0 && setns(network_namespace, CLONE_NEWNET) != 0) _exit(126);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execvp(words.front(), words.data());
  _exit(127);
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 65536> piece{};
  for (;;) {
    const auto size = read(descriptor, piece.data(), piece.size());
    if (size <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

CommandResult run(const std::vector<std::string>& argv, const CommandOptions& options) {
  std::array<int, 2> pipe_ends{};
  if (pipe(pipe_ends.data()) != 0) return {};
  const int input_file = file_with(options.input);
  const pid_t child = fork();
  if (child == 0) become(argv, options.network_namespace, input_file, pipe_ends[1]);
  close(pipe_ends[1]);
  close(input_file);
  CommandResult result{.code = -1, .output = read_all(pipe_ends[0])};
  close(pipe_ends[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child) return result;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string output_of(const std::vector<std::string>& argv, const CommandOptions& options) {
  const CommandResult result = run(argv, options);
  std::string line;
  for (const std::string& word : argv) line += word + ' ';
  EXPECT_EQ(result.code, 0) << line << "said: " << result.output;
  return result.output;
}
