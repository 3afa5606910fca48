// fake_api_server --port-file FILE: the API server in small as a program, for the lab without a
// real one. Listens on a free port of 127.0.0.1, writes it to FILE, stops on SIGTERM and SIGINT.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/fakes/api_server/api_server.h"

namespace {

// The reader must never see half a number, so the file appears whole.
bool write_port(const std::string& file, std::uint16_t port) {
  const std::string fresh = file + ".new";
  std::ofstream(fresh) << port << "\n";
  return std::rename(fresh.c_str(), file.c_str()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::string(argv[1]) != "--port-file") {
    std::cerr << "usage: fake_api_server --port-file FILE\n";
    return 2;
  }
  boost::asio::io_context io(1);
  fakes::ApiServer server(io.get_executor());
  if (!write_port(argv[2], server.start())) {
    std::cerr << "fake_api_server: cannot write " << argv[2] << ": check that its folder exists\n";
    return 1;
  }
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  io.run();
  return 0;
}
