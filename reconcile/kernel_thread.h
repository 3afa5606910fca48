// The thread that owns the kernel door. Netlink stays blocking and simple there, and a large write
// never stalls the watches: coroutines of the io thread hand a value over and await the answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

namespace reconcile {

class KernelThread {
 public:
  // Runs `work` on the kernel thread, one at a time in the order of the calls, and resumes the
  // caller on its own executor with the result. What `work` throws is thrown here.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> run(Work work) {
    co_return co_await boost::asio::co_spawn(pool_, call(std::move(work)),
                                             boost::asio::use_awaitable);
  }

  // Waits for the work under way.
  void join() { pool_.join(); }

 private:
  template <class Work>
  static boost::asio::awaitable<std::invoke_result_t<Work>> call(Work work) {
    co_return work();
  }

  boost::asio::thread_pool pool_{1};
};

}  // namespace reconcile
