#include "actors/peer/peer_link.hpp"

#include "actors/peer/actor_threads.hpp"
#include "actors/peer/peer_scribe.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/io/middleman_actor_impl.hpp>
#include <caf/io/network/doorman_impl.hpp>
#include <caf/openssl/session.hpp>
#include <caf/policy/tcp.hpp>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace penstock::actors {

namespace {

namespace net = caf::io::network;

/// Plain TCP.
struct plain_policy : caf::policy::tcp {
  static constexpr bool talks_first = false;
  std::string fault(const peer_state& peer) const {
    return peer.bytes == 0 ? "it said nothing" : "it broke off before it had said what it is";
  }
};

/// The present error of OpenSSL.
std::string tls_fault() {
  const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? std::string{"TLS: "} + reason : "it broke off during the TLS handshake";
}

/// TLS.
class tls_policy {
public:
  static constexpr bool talks_first = true; // OpenSSL may have to write before there is a message.
  explicit tls_policy(caf::openssl::session_ptr session) : session_{std::move(session)} {}

  net::rw_state read_some(size_t& n, net::native_socket fd, void* bytes, size_t size) {
    ERR_clear_error(); // Older errors would be taken for an error of this call.
    return session_->read_some(n, fd, bytes, size);
  }
  net::rw_state write_some(size_t& n, net::native_socket fd, const void* bytes, size_t size) {
    ERR_clear_error();
    return session_->write_some(n, fd, bytes, size);
  }
  bool must_read_more(net::native_socket fd, size_t threshold) {
    return session_->must_read_more(fd, threshold);
  }
  std::string fault(const peer_state&) const { return tls_fault(); }

private:
  caf::openssl::session_ptr session_;
};

/// Makes a connection for the middleman over `peer.socket`; it owns the socket, even if it fails.
/// Fails with a text if TLS fails at once.
result<caf::io::scribe_ptr> make_scribe(net::default_multiplexer& mpx, caf::actor_system& sys,
                                        std::shared_ptr<peer_limits> limits, peer_state peer,
                                        bool tls) {
  const int fd = peer.socket;
  const int patience_ms = 30'000;
  net::nonblocking(fd, true);
  net::child_process_inherit(fd, false);
  net::tcp_nodelay(fd, true);
  net::keepalive(fd, true);
  // Do not keep the socket for hours if the network is dead, as TCP does by default.
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
  if (!tls)
    return caf::io::scribe_ptr{caf::make_counted<peer_scribe<plain_policy>>(
      mpx, std::move(limits), std::move(peer), plain_policy{})};
  std::string fault;
  try {
    ERR_clear_error();
    if (auto session = caf::openssl::make_session(sys, fd, peer.accepted))
      return caf::io::scribe_ptr{caf::make_counted<peer_scribe<tls_policy>>(
        mpx, std::move(limits), std::move(peer), tls_policy{std::move(session)})};
    fault = tls_fault();            // The first bytes of the other side were there already.
  } catch (const std::exception&) { // CAF reads the certificate files again for each connection.
    fault = "our own certificate files cannot be read any more";
  }
  ::close(fd);
  return error{errc::connection_failed, fault};
}

/// Accepts connections.
class peer_doorman final : public net::doorman_impl {
public:
  peer_doorman(net::default_multiplexer& mpx, net::native_socket fd,
               std::shared_ptr<peer_limits> limits, bool tls)
      : doorman_impl{mpx, fd}, limits_{std::move(limits)}, tls_{tls} {}

  bool new_connection() override {
    if (detached())
      return false;
    peer_state peer;
    peer.socket = acceptor_.accepted_socket();
    const auto host = net::remote_addr_of_fd(peer.socket);
    const auto port = net::remote_port_of_fd(peer.socket);
    peer.who = (host ? *host : "?") + ":" + (port ? std::to_string(*port) : "?");
    const auto who = peer.who;
    auto& mpx = acceptor_.backend();
    auto scribe = make_scribe(mpx, parent()->system(), limits_, std::move(peer), tls_);
    if (!scribe) {
      limits_->say("refused a connection from " + who + ": " + scribe.error().context);
      return true;
    }
    auto hdl = (*scribe)->hdl();
    parent()->add_scribe(std::move(*scribe));
    return doorman::new_connection(&mpx, hdl);
  }

private:
  std::shared_ptr<peer_limits> limits_;
  bool tls_;
};

/// Connects `fd` to `address` within `limit`. @returns 0 or the error.
int connect_within(int fd, const addrinfo& address, int limit_ms) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0)
    return 0;
  if (errno != EINPROGRESS)
    return errno;
  pollfd wait{fd, POLLOUT, 0};
  const int n = ::poll(&wait, 1, limit_ms);
  if (n == 0)
    return ETIMEDOUT;
  int code = 0;
  socklen_t size = sizeof code;
  return n < 0 || ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0 ? errno : code;
}

caf::error failure(std::string why) {
  return caf::make_error(caf::sec::cannot_connect_to_node, std::move(why));
}

/// CAF's middleman actor, but with our connections.
class link_actor final : public caf::io::middleman_actor_impl {
public:
  link_actor(caf::actor_config& config, caf::actor broker, std::shared_ptr<peer_limits> limits,
             bool tls)
      : middleman_actor_impl{config, std::move(broker)}, limits_{std::move(limits)}, tls_{tls} {}

  const char* name() const override { return "peer-link"; }

protected:
  /// Blocks this actor's own thread, for each address at most for the time of a handshake.
  caf::expected<caf::io::scribe_ptr> connect(const std::string& host, uint16_t port) override {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    const auto service = std::to_string(port);
    if (const int code = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found); code != 0)
      return failure(::gai_strerror(code));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses{found, ::freeaddrinfo};
    int code = EADDRNOTAVAIL;
    for (const auto* a = addresses.get(); a; a = a->ai_next) {
      const int fd =
        ::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
      if (fd < 0) {
        code = errno;
        continue;
      }
      code = connect_within(fd, *a, static_cast<int>(to_ms(limits_->bounds().handshake)));
      if (code != 0) {
        ::close(fd);
        continue;
      }
      peer_state peer;
      peer.socket = fd;
      peer.accepted = false;
      peer.who = host + ":" + service;
      auto scribe = make_scribe(mpx(), system(), limits_, std::move(peer), tls_);
      if (!scribe)
        return failure(scribe.error().context);
      return std::move(*scribe);
    }
    return failure(core::clean_text(std::strerror(code), 200));
  }

  caf::expected<caf::io::doorman_ptr> open(uint16_t port, const char* address,
                                           bool reuse) override {
    auto fd = net::new_tcp_acceptor_impl(port, address, reuse);
    if (!fd)
      return std::move(fd.error());
    net::child_process_inherit(*fd, false);
    return caf::make_counted<peer_doorman>(mpx(), *fd, limits_, tls_);
  }

private:
  net::default_multiplexer& mpx() {
    return static_cast<net::default_multiplexer&>(system().middleman().backend());
  }

  std::shared_ptr<peer_limits> limits_;
  bool tls_;
};

} // namespace

std::shared_ptr<peer_link*> peer_link::install(caf::actor_system_config& config,
                                               std::shared_ptr<peer_limits> limits, bool tls) {
  auto place = std::make_shared<peer_link*>(nullptr);
  auto threads = actor_threads::install(config);
  config.module_factories.push_back([=](caf::actor_system& sys) {
    *place = new peer_link{sys, limits, threads, tls}; // The system owns it.
    return *place;
  });
  return place;
}

peer_link::peer_link(caf::actor_system& sys, std::shared_ptr<peer_limits> limits,
                     std::shared_ptr<actor_threads> threads, bool tls)
    : system_{sys}, limits_{std::move(limits)}, threads_{std::move(threads)}, tls_{tls} {}

void peer_link::start() {
  auto broker = system_.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
  actor_ = caf::actor_cast<caf::io::middleman_actor>(
    system_.spawn<link_actor, caf::hidden + caf::detached>(std::move(broker), limits_, tls_));
}

void peer_link::stop() {
  caf::scoped_actor self{system_, true};
  self->send_exit(actor_, caf::exit_reason::kill);
  self->wait_for(actor_);
  actor_ = nullptr;
  // Wait for all threads but those of CAF's link, of its TLS, and of its printer. This module stops
  // first, so the broker still gets the last messages of these actors.
  threads_->await_at_most(tls_ ? 3 : 2, std::chrono::seconds{5});
}

} // namespace penstock::actors
