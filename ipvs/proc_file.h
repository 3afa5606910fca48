// A file of /proc that is read again and again. It belongs to the network namespace of the thread
// that opened it, whoever reads it later. Thread: one at a time.
#pragma once

#include <string>
#include <utility>

namespace ipvs {

class ProcFile {
 public:
  // `path` below /proc/thread-self, e.g. "net/ip_vs". One that cannot be opened answers each read()
  // with why.
  explicit ProcFile(const char* path);
  ~ProcFile();
  ProcFile(ProcFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), error_(other.error_) {}
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;
  ProcFile& operator=(ProcFile&&) = delete;

  // Everything, as it is now. Returns 0, or an errno.
  [[nodiscard]] int read(std::string& text);

 private:
  int descriptor_;
  int error_ = 0;
};

}  // namespace ipvs
