#pragma once

#include "actors/peer/peer_limits.hpp"
#include "core/base/text.hpp"

#include <caf/io/basp_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>

#include <algorithm>
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
    if (peer_->paused)
      return rw_state::success; // Reads nothing; the connection is not in the loop.
    const auto state = policy_.read_some(n, fd, bytes, size);
    if (state == rw_state::failure)
      note();
    else if (!peer_->known)
      peer_->bytes += n;
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
    return !peer_->closing && !peer_->paused && policy_.must_read_more(fd, threshold);
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
///  - CAF gets a message only if its header is well formed, and if this peer may send it
///    (`judge_message`).
///  - Memory for a message grows as its bytes come. CAF would allocate as many bytes as the header
///    says. Messages before the handshake are short, and long ones share a budget.
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
    limits_->give_back(peer_);
    if (opened_ && !peer_.known)
      limits_->leave(peer_);
  }

  /// The broker says how many bytes it wants next. It gets whole messages, so only the first call
  /// matters: from then on the broker owns the connection.
  void configure_read(caf::io::receive_policy::config) override {
    if (opened_)
      return;
    opened_ = true;
    limits_->enter(peer_);
    touch();
    await(wire_header::size);
    stream_.start(this);
    if (Policy::talks_first)
      stream_.force_empty_write(this);
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
    limits_->give_back(peer_);
    stream_.graceful_shutdown();
    // CAF waits until the other side closes, too. An unknown peer may never do that.
    if (!known)
      caf::io::network::shutdown_both(peer_.socket);
    detach(&stream_.backend(), false);
  }

  bool consume(caf::execution_unit* ctx, const void* bytes, size_t size) override {
    if (peer_.closing)
      return true; // The next read fails.
    touch();
    if (in_payload_) {
      auto& part = stream_.rd_buf();
      if (payload_.empty())
        payload_.swap(part);
      else
        payload_.insert(payload_.end(), part.begin(), part.begin() + static_cast<long>(size));
      payload_.resize(std::min(payload_.size(), static_cast<size_t>(header_.length)));
      return payload_.size() < header_.length ? read_on(false) : deliver(ctx);
    }
    raw_header_.assign(static_cast<const char*>(bytes), size);
    header_ = read_header(raw_header_);
    auto fault = header_fault(header_, peer_.known, peer_.accepted);
    const auto& bounds = limits_->bounds();
    const auto most = !peer_.known     ? bounds.handshake_bytes_max
                      : peer_.accepted ? bounds.receive_bytes_max
                                       : bounds.head_bytes_max;
    if (fault.empty() && header_.length > most)
      fault = "a message of " + std::to_string(header_.length) + " bytes, where " +
              std::to_string(most) + " are allowed";
    if (!fault.empty())
      return end(fault);
    if (header_.length == 0)
      return hand_over(ctx, raw_header_);
    in_payload_ = true;
    return read_on(false);
  }

protected:
  caf::message detach_message() override {
    limits_->report(peer_);
    if (broker_)
      stay(caf::intrusive_ptr<peer_scribe>{this}, caf::strong_actor_ptr{broker_->ctrl()});
    return scribe::detach_message();
  }

private:
  static constexpr size_t part_min = 64u << 10, part_max = 1u << 20;

  void await(size_t bytes) { stream_.configure_read(caf::io::receive_policy::exactly(bytes)); }

  /// Ends the connection because of what the peer sent.
  bool end(const std::string& why) {
    if (peer_.known)
      limits_->say("closed the connection to " + peer_.who + ": " + why);
    peer_.refuse(why);
    return true;
  }

  /// Reads the next part of the payload, or waits until there is memory for it.
  /// @param waited The connection is out of the loop since it waits.
  bool read_on(bool waited) {
    const auto missing = header_.length - payload_.size();
    const auto part = std::min(missing, std::clamp(payload_.size(), part_min, part_max));
    // The first part is free, so that short messages pass whatever long ones others send.
    if (!payload_.empty() && !limits_->hold(peer_, part, [this] { read_on(true); })) {
      if (!peer_.paused)
        stream_.passivate();
      peer_.paused = true;
      // The middleman closes the connection if it waits too long.
      const auto& bounds = limits_->bounds();
      touch(bounds.long_message - bounds.handshake);
      return true;
    }
    peer_.paused = false;
    await(part);
    if (waited) {
      touch();
      stream_.activate(this);
    }
    return true;
  }

  /// Gives a whole message to the broker, if this peer may send it.
  bool deliver(caf::execution_unit* ctx) {
    in_payload_ = false;
    auto go_on = true;
    if (is_allowed()) {
      go_on = hand_over(ctx, raw_header_);
      if (go_on && !peer_.closing)
        go_on = hand_over(ctx, std::exchange(payload_, {}));
      if (auto* b = broker();
          !peer_.known && b && !peer_.closing && b->instance.tbl().lookup_direct(hdl())) {
        peer_.known = true;
        limits_->leave(peer_);
      }
    }
    payload_ = {};
    if (stream_.rd_buf().capacity() > part_max)
      stream_.rd_buf() = {};
    limits_->give_back(peer_);
    await(wire_header::size);
    return go_on;
  }

  bool is_allowed() {
    if (header_.is(wire_kind::client_handshake)) {
      if (!peer_.known)
        handshake_ = payload_;
      else if (handshake_ != payload_)
        return !end("it sent another handshake");
    }
    if (!peer_.known || !peer_.accepted || !header_.is(wire_kind::direct))
      return true;
    const auto content = read_content({payload_.data(), payload_.size()});
    const auto verdict =
      content ? judge_message(header_, *content, peer_.roles) : peer_verdict::refuse;
    if (verdict != peer_verdict::refuse)
      return verdict == peer_verdict::pass;
    const auto name = content ? describe(*content) : "damaged";
    limits_->say("refused a message of " + peer_.who + " (" + core::clean_text(name, 100) + ")");
    if (++peer_.refused >= limits_->bounds().refused_max)
      end("it sent " + std::to_string(peer_.refused) + " messages that it may not send");
    return false;
  }

  template <class Bytes>
  bool hand_over(caf::execution_unit* ctx, const Bytes& bytes) {
    stream_.rd_buf().assign(bytes.begin(), bytes.end());
    consuming_ = true;
    const auto go_on = scribe::consume(ctx, stream_.rd_buf().data(), stream_.rd_buf().size());
    consuming_ = false;
    return go_on;
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

  /// Restarts the timeout of the middleman. @param more A longer time.
  void touch(duration more = {}) {
    auto* b = broker();
    if (!b)
      return;
    broker_ = b;
    auto [at, fresh] = b->ctx.try_emplace(hdl());
    if (fresh) {
      at->second.cstate = caf::io::basp::await_header;
      at->second.hdl = hdl();
    }
    at->second.last_seen = b->clock().now() + std::max(more, duration{});
  }

  std::shared_ptr<peer_limits> limits_;
  /// Valid while it is our parent, and when it was held since.
  caf::io::basp_broker* broker_ = nullptr;
  peer_state peer_;
  caf::io::network::stream_impl<watched_policy<Policy>> stream_;
  bool opened_ = false, consuming_ = false;
  wire_header header_;      ///< Of the present message.
  std::string raw_header_;  ///< Its bytes.
  bool in_payload_ = false; ///< Its payload is awaited.
  std::vector<char> payload_;
  std::vector<char> handshake_; ///< CAF sends its handshake twice.
};

} // namespace penstock::actors
