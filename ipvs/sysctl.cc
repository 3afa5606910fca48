#include "ipvs/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ipvs {
namespace {

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : value_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};

// errno, 0 when it is written.
int write_value(const std::filesystem::path& path, std::string_view value) {
  const Descriptor file(path, O_WRONLY);
  if (file.value() < 0) return errno;
  return write(file.value(), value.data(), value.size()) < 0 ? errno : 0;
}

}  // namespace

std::optional<std::string> read_sysctl(std::string_view path, const std::filesystem::path& root) {
  const Descriptor file(root / path, O_RDONLY);
  if (file.value() < 0) return std::nullopt;
  std::array<char, 256> bytes{};
  const auto size = read(file.value(), bytes.data(), bytes.size());
  if (size < 0) return std::nullopt;
  std::string value(bytes.data(), static_cast<std::size_t>(size));
  value.erase(value.find_last_not_of("\n") + 1);
  return value;
}

int write_sysctl(std::string_view path, std::string_view value, const std::filesystem::path& root) {
  if (const int code = write_value(root / path, value); code != 0) return code;
  return read_sysctl(path, root) == value ? 0 : EIO;
}

}  // namespace ipvs
