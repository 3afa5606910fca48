#include "ipvs/error.h"

#include <cerrno>
#include <system_error>

namespace ipvs {
namespace {

// The errno texts of libc speak of files and processes; these say what the kernel meant here.
std::string reason(int code) {
  switch (code) {
    case ENOENT:
      return "there is no such entry (ENOENT)";
    case ESRCH:
      return "there is no such virtual server (ESRCH)";
    case EEXIST:
      return "it exists already (EEXIST)";
    case EADDRNOTAVAIL:
      return "the address is not there (EADDRNOTAVAIL)";
    case ENOBUFS:
      return "the kernel's answer was lost, its receive buffer was full (ENOBUFS)";
    case ETIMEDOUT:
      return "the kernel did not answer in time (ETIMEDOUT)";
    default:
      return std::generic_category().message(code);
  }
}

}  // namespace

std::string to_string(const Error& error) {
  std::string text = "cannot " + error.operation;
  if (!error.subject.empty()) text += " " + error.subject;
  text += ": " + reason(error.code);
  if (!error.remedy.empty()) text += ". " + error.remedy;
  return text;
}

bool is_absent(const Error& error) {
  return error.code == ENOENT || error.code == ESRCH || error.code == EADDRNOTAVAIL;
}

bool is_present(const Error& error) { return error.code == EEXIST; }

}  // namespace ipvs
