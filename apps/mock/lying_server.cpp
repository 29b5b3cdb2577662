#include "apps/mock/lying_server.hpp"

#include "core/io/http/http_server_impl.hpp"

namespace penstock::mock {

void raw_write(const io::http_exchange& e, std::string bytes, std::function<void(bool)> written) {
  io::http_internals::on_loop(
    e, [b = std::move(bytes), w = std::move(written)](io::http_connection& c, bool open) mutable {
      if (open)
        c.write(b, std::move(w));
      else if (w)
        w(false);
    });
}

void raw_finish(const io::http_exchange& e, raw_end how) {
  const auto after = how == raw_end::keep    ? io::after_answer::keep
                     : how == raw_end::close ? io::after_answer::close
                                             : io::after_answer::reset;
  io::http_internals::on_loop(e, [after](io::http_connection& c, bool open) {
    if (open)
      c.finish(after);
  });
}

void pause_accept(io::http_server& server, duration d) {
  auto& i = io::http_internals::impl_of(server);
  i.accept_paused = true;
  boost::system::error_code ec;
  i.acceptor.cancel(ec);
  server.after(d, [&i] {
    i.accept_paused = false;
    i.accept();
  });
}

void refuse_unread(io::http_server& server,
                   std::function<bool(uint64_t connection, uint32_t served)> refuse) {
  io::http_internals::impl_of(server).refuse_unread = std::move(refuse);
}

} // namespace penstock::mock
