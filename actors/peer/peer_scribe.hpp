#pragma once

#include "actors/peer/peer_limits.hpp"

#include <caf/io/basp_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace penstock::actors {

/// Reads and writes the bytes of a socket (`Policy`: plain TCP or TLS), and checks the limits of a
/// peer without a handshake.
template <class Policy>
class watched_policy {
public:
  using rw_state = caf::io::network::rw_state;
  using native_socket = caf::io::network::native_socket;

  watched_policy(peer_state* peer, Policy policy) : peer_{peer}, policy_{std::move(policy)} {}

  rw_state read_some(size_t& n, native_socket fd, void* bytes, size_t size) {
    n = 0;
    if (peer_->closing)
      return rw_state::failure;
    const auto state = policy_.read_some(n, fd, bytes, size);
    if (state == rw_state::failure)
      note();
    else if (!peer_->known)
      peer_->bytes += n;
    else if (n > 0 && peer_->on_bytes)
      peer_->on_bytes();
    return state;
  }

  rw_state write_some(size_t& n, native_socket fd, const void* bytes, size_t size) {
    n = 0;
    if (peer_->closing)
      return rw_state::failure;
    const auto state = policy_.write_some(n, fd, bytes, size);
    if (state == rw_state::failure)
      note();
    return state;
  }

  bool must_read_more(native_socket fd, size_t threshold) {
    return !peer_->closing && policy_.must_read_more(fd, threshold);
  }

private:
  void note() {
    if (!peer_->known && peer_->fault.empty())
      peer_->fault = policy_.fault(*peer_);
  }

  peer_state* peer_;
  Policy policy_;
};

/// One connection of CAF's middleman to another process. It adds checks that CAF does not make:
///  - The first message must be a handshake, and short. No message may be longer than the limit,
///    because CAF allocates as many bytes as a header of 32 bytes asks for.
///  - A connection without a handshake is closed after CAF's connection timeout. CAF keeps silent
///    connections that it accepted for ever, and closes one that it made at the next heartbeat.
///  - Bytes of a long message count as a heartbeat.
///  - Each refused peer is logged once.
template <class Policy>
class peer_scribe final : public caf::io::scribe {
public:
  using scribe = caf::io::scribe;

  peer_scribe(caf::io::network::default_multiplexer& mpx, std::shared_ptr<peer_limits> limits,
              peer_state peer, Policy policy)
      : scribe{caf::io::network::conn_hdl_from_socket(peer.socket)}, limits_{std::move(limits)},
        peer_{std::move(peer)}, stream_{mpx, peer_.socket, &peer_, std::move(policy)} {}

  ~peer_scribe() override {
    if (opened_ && !peer_.known)
      limits_->leave(peer_);
  }

  void configure_read(caf::io::receive_policy::config config) override {
    if (!opened_) { // The first call of the broker: from now on the broker owns the connection.
      opened_ = true;
      limits_->enter(peer_);
    }
    const uint64_t awaited = config.second;
    const auto& bounds = limits_->bounds();
    const auto most = peer_.known ? bounds.message_bytes_max : bounds.handshake_bytes_max;
    if (awaited > most) {
      const auto why = "a message of " + std::to_string(awaited) + " bytes, where " +
                       std::to_string(most) + " are allowed";
      if (peer_.known)
        limits_->say("closed the connection to " + peer_.who + ": " + why);
      peer_.refuse(why);
      config = caf::io::receive_policy::exactly(1);
    }
    touch();
    if (awaited > long_bytes)
      peer_.on_bytes = [this] { touch(); };
    else
      peer_.on_bytes = nullptr;
    stream_.configure_read(config);
    if (!launched_)
      launch();
  }

  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }
  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }
  void flush() override { stream_.flush(this); }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }
  std::string addr() const override { return peer_.who; }
  uint16_t port() const override {
    auto port = caf::io::network::remote_port_of_fd(peer_.socket);
    return port ? *port : uint16_t{0};
  }

  void graceful_shutdown() override {
    if (!peer_.known && peer_.fault.empty())
      peer_.fault = consuming_         ? "its handshake is not one of ours"
                    : peer_.bytes == 0 ? "it said nothing"
                                       : "it did not say what it is";
    const auto known = peer_.known;
    limits_->report(peer_);
    stream_.graceful_shutdown();
    // CAF waits until the other side closes, too. An unknown peer may never do that.
    if (!known)
      caf::io::network::shutdown_both(peer_.socket);
    detach(&stream_.backend(), false);
  }

  bool consume(caf::execution_unit* ctx, const void* bytes, size_t size) override {
    if (peer_.closing)
      return true; // The next read fails.
    if (peer_.known)
      return scribe::consume(ctx, bytes, size);
    if (parts_++ == 0 && !begins_handshake(static_cast<const uint8_t*>(bytes))) {
      peer_.refuse("it speaks another protocol");
      return true;
    }
    consuming_ = true;
    const auto go_on = scribe::consume(ctx, bytes, size);
    consuming_ = false;
    if (auto* b = broker(); b && !peer_.closing && b->instance.tbl().lookup_direct(hdl())) {
      peer_.known = true;
      limits_->leave(peer_);
    }
    return go_on;
  }

protected:
  caf::message detach_message() override {
    limits_->report(peer_);
    if (broker_)
      stay(caf::intrusive_ptr<peer_scribe>{this}, caf::strong_actor_ptr{broker_->ctrl()});
    return scribe::detach_message();
  }

private:
  /// A longer message may take longer than the timeout.
  static constexpr uint64_t long_bytes = 64u << 10;

  /// Whether this is the header of a handshake with a body. CAF crashes at a handshake without one.
  bool begins_handshake(const uint8_t* header) const {
    using caf::io::basp::message_type;
    const auto expected =
      peer_.accepted ? message_type::client_handshake : message_type::server_handshake;
    const auto length = header[4] | header[5] | header[6] | header[7];
    return header[0] == static_cast<uint8_t>(expected) && length != 0;
  }

  /// Keeps the socket open until the broker has read that the connection is closed. Handles are
  /// socket numbers: else the next connection could get the same number, and the broker would close
  /// it.
  void stay(caf::intrusive_ptr<peer_scribe> self, caf::strong_actor_ptr broker,
            uint32_t rounds = 10'000) {
    stream_.backend().post([self, broker, rounds] {
      if (rounds > 0 &&
          self->broker_->ctx.count(self->hdl()) > 0) // A broker that ends reads no more messages.
        self->stay(self, broker, rounds - 1);
    });
  }

  caf::io::basp_broker* broker() { return dynamic_cast<caf::io::basp_broker*>(parent()); }

  /// Restarts the timeout of the middleman.
  void touch() {
    auto* b = broker();
    if (!b)
      return;
    broker_ = b;
    auto [at, fresh] = b->ctx.try_emplace(hdl());
    if (fresh) {
      at->second.cstate = caf::io::basp::await_header;
      at->second.hdl = hdl();
    }
    at->second.last_seen = b->clock().now();
  }

  void launch() {
    launched_ = true;
    stream_.start(this);
    if (Policy::talks_first)
      stream_.force_empty_write(this);
  }

  std::shared_ptr<peer_limits> limits_;
  /// Valid while it is our parent, and when it was held since.
  caf::io::basp_broker* broker_ = nullptr;
  peer_state peer_;
  caf::io::network::stream_impl<watched_policy<Policy>> stream_;
  bool launched_ = false, opened_ = false, consuming_ = false;
  uint32_t parts_ = 0; ///< Headers and bodies received before the handshake.
};

} // namespace penstock::actors
