#pragma once

#include "actors/peer/peer_limits.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/middleman_actor.hpp>

#include <memory>

namespace penstock::actors {

class actor_threads;

/// Opens the connections of this process to others: CAF's broker with our `peer_scribe`s, plain or
/// with TLS. It is a module of the actor system, so that it starts and stops with the middleman.
class peer_link : public caf::actor_system::module {
public:
  /// Makes the systems of `config` load this module.
  static std::shared_ptr<peer_link*> install(caf::actor_system_config& config,
                                             std::shared_ptr<peer_limits> limits, bool tls);

  peer_link(caf::actor_system& sys, std::shared_ptr<peer_limits> limits,
            std::shared_ptr<actor_threads> threads, bool tls);

  /// Accepts `publish` and `connect`, as CAF's middleman does.
  const caf::io::middleman_actor& actor() const noexcept { return actor_; }

  void start() override;
  void stop() override;
  void init(caf::actor_system_config&) override {}
  /// CAF has a fixed set of module ids. This one belongs to a part of CAF that we do not use.
  id_t id() const override { return opencl_manager; }
  void* subtype_ptr() override { return this; }

private:
  caf::actor_system& system_;
  std::shared_ptr<peer_limits> limits_;
  std::shared_ptr<actor_threads> threads_;
  bool tls_;
  caf::io::middleman_actor actor_;
};

} // namespace penstock::actors
