// Certificates for tests: an authority of its own, and what it signs. PEM texts.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace fakes {

struct Identity {
  std::string certificate;
  std::string key;
};

class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name);
  ~CertificateAuthority();

  [[nodiscard]] const std::string& certificate() const { return certificate_; }
  // `names` as OpenSSL writes them: "DNS:api.example", "IP:127.0.0.1". Valid until `end` from now;
  // a negative one has run out. And from `begin` from now.
  [[nodiscard]] Identity sign(const std::string& common_name, const std::vector<std::string>& names,
                              std::chrono::seconds end = std::chrono::hours(24),
                              std::chrono::seconds begin = std::chrono::hours(-1)) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::string certificate_;
};

}  // namespace fakes
