// api_follower KUBECONFIG: what the client of the API server knows of Services and EndpointSlices,
// by name and resourceVersion, as one line of JSON whenever that changes. Troubles go to stderr.
// Until SIGTERM or SIGINT.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "kube/kubeconfig.h"
#include "kube/reflector.h"

namespace {

// "services/shop/web" -> its resourceVersion
using Known = std::map<std::string, std::string>;

template <class T>
class Follower final : public kube::Listener<T> {
 public:
  Follower(std::string kind, Known& known, std::function<void()> tell)
      : kind_(std::move(kind)), known_(known), tell_(std::move(tell)) {}

  void replaced(kube::ObjectList<T> objects) override {
    std::erase_if(known_, [this](const auto& entry) { return entry.first.starts_with(kind_); });
    for (const T& object : objects) put(object);
  }
  void changed(T object) override { put(object); }
  void deleted(const kube::NamespacedName& id) override { known_.erase(key(id)); }
  void skipped(const kube::NamespacedName& id, std::string_view reason) override {
    std::cerr << "skipped " << to_string(id) << ": " << reason << std::endl;
  }
  void troubled(const kube::Trouble& trouble) override {
    std::cerr << trouble.what << ": " << trouble.why << std::endl;
  }
  void settled() override { tell_(); }

 private:
  [[nodiscard]] std::string key(const kube::NamespacedName& id) const {
    return kind_ + "/" + to_string(id);
  }
  void put(const T& object) { known_[key(object.metadata.id)] = object.metadata.resource_version; }

  std::string kind_;
  Known& known_;
  std::function<void()> tell_;
};

// Names and versions need no escaping.
std::string to_json(const Known& known) {
  std::string text;
  for (const auto& [name, version] : known) {
    text += (text.empty() ? "{\"" : ", \"") + name + "\": \"" + version + "\"";
  }
  return text.empty() ? "{}" : text + "}";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: api_follower KUBECONFIG\n";
    return 2;
  }
  const auto access = kube::load_kubeconfig(argv[1]);
  if (!access) {
    std::cerr << access.error().what << ": " << access.error().why << "\n";
    return 1;
  }
  boost::asio::io_context io(1);
  Known known;
  const auto tell = [&known, told = std::string()]() mutable {
    const std::string state = to_json(known);
    if (state != told) std::cout << state << std::endl;
    told = state;
  };
  Follower<kube::Service> services("services", known, tell);
  Follower<kube::EndpointSlice> slices("endpointslices", known, tell);
  kube::Reflector of_services(io.get_executor(), *access, kube::all_services(), services);
  kube::Reflector of_slices(io.get_executor(), *access, kube::all_endpoint_slices(), slices);
  boost::asio::co_spawn(io, of_services.run(), boost::asio::detached);
  boost::asio::co_spawn(io, of_slices.run(), boost::asio::detached);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  io.run();
  return 0;
}
