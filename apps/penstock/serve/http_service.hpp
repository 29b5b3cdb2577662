#pragma once

#include "actors/supervisor/spawn_engine.hpp"
#include "config/settings.hpp"
#include "core/base/error.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace penstock::cli {

/// The HTTP service of a head: its listener, its keys and its live desk.
class http_service {
public:
  /// Checks what can be checked before anything runs. @returns `invalid_config` with the key.
  static result<void> check(const config::settings& settings);
  /// Starts it at `settings.serve.http`. @returns `invalid_config` or `io_error`.
  static result<std::unique_ptr<http_service>>
  start(caf::actor_system& sys, const config::settings& settings, const running_engine& engine);
  /// Ends it at once.
  ~http_service();

  /// Where it listens: "http://127.0.0.1:8117".
  std::string address() const;
  /// Whether every caller is an admin, because there are no keys.
  bool is_open_to_all() const;
  /// Takes no more calls, and lets those in flight finish, at most for `grace`.
  void drain(duration grace);
  /// Waits until everything in flight has finished after `drain`.
  void wait();

private:
  struct impl;
  explicit http_service(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

} // namespace penstock::cli
