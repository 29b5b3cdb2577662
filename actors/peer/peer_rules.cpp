#include "actors/peer/peer_rules.hpp"

#include "messages/type_ids.hpp"

#include <caf/atom.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace penstock::actors {

namespace {

/// A message that a peer may send to a head.
struct rule {
  caf::atom_value atom;
  std::string_view types; ///< As in `wire_content`.
  uint8_t roles;
};

constexpr uint8_t both = role_node | role_client;
/// One line for each message of interfaces.hpp that crosses processes on its way to a head.
constexpr std::array rules{
  rule{atom::hello_v, "penstock::peer_hello", both},
  // To the engine, from nodes.
  rule{atom::join_v, "penstock::node_offer", role_node},
  rule{atom::join_v, "penstock.node_actor,@u64", role_node},
  rule{atom::heartbeat_v, "penstock::node_beat", role_node},
  rule{atom::leave_v, "@u64", role_node},
  rule{atom::freed_v, "penstock::slot_return", role_node},
  // To a coordinator.
  rule{atom::report_v, "penstock::report_batch", role_node},
  // To the live desk.
  rule{atom::part_v, "penstock::stream_part", role_node},
  // To a rate limiter.
  rule{atom::acquire_v, "penstock::core::permit_request", role_node},
  rule{atom::adopt_v, "penstock::core::permit_request", role_node},
  rule{atom::settle_v, "penstock::core::settlement", role_node},
  rule{atom::withdraw_v, "@u64", role_node},
  // To the response cache.
  rule{atom::look_up_v, "penstock::cache_query", role_node},
  rule{atom::adopt_v, "penstock::cache_query", role_node},
  rule{atom::publish_v, "penstock::cache_result", role_node},
  rule{atom::withdraw_v, "penstock::cache_leave", role_node},
  // To the engine, from clients.
  rule{atom::submit_v, "penstock::submission", role_client},
  rule{atom::add_v, "penstock::submission_part", role_client},
  rule{atom::status_v, "@u64", role_client},
  rule{atom::info_v, "@u64", role_client},
  rule{atom::jobs_v, "penstock::job_filter", role_client},
  rule{atom::wait_v, "@u64", role_client},
  rule{atom::results_v, "penstock::results_query", role_client},
  rule{atom::subscribe_v, "penstock::subscription", role_client},
  rule{atom::credit_v, "@u64,@u32", role_client},
  rule{atom::subscribe_v, "penstock::event_query", role_client},
  rule{atom::credit_v, "@u32", role_client},
  rule{atom::cancel_v, "@u64", role_client},
  rule{atom::retry_v, "@u64", role_client},
  rule{atom::nodes_v, "", role_client},
  rule{atom::lanes_v, "", role_client},
  rule{atom::tenants_v, "", role_client},
};

} // namespace

peer_verdict judge_message(const wire_header& header, const wire_content& content, uint8_t roles) {
  constexpr uint8_t by_name = 1; // CAF's flag: the receiver is one of CAF's own actors.
  if ((header.flags & by_name) != 0)
    return peer_verdict::ignore;
  if (content.types == "@strong_actor_ptr" || // A link or its end.
      content.types ==
        "@str,@strong_actor_ptr,@str") // The answer of CAF's actor to CAF's question.
    return peer_verdict::ignore;
  if (header.is_answer()) // A head asks nobody.
    return peer_verdict::refuse;
  const auto allowed = std::ranges::any_of(rules, [&](const rule& r) {
    return static_cast<uint64_t>(r.atom) == content.atom && r.types == content.types &&
           (r.roles & roles) != 0;
  });
  return allowed ? peer_verdict::pass : peer_verdict::refuse;
}

std::string describe(const wire_content& content) {
  const auto name = caf::to_string(static_cast<caf::atom_value>(content.atom));
  auto result = content.atom != 0 ? name : std::string{};
  if (!content.types.empty())
    result += (result.empty() ? "" : " ") + content.types;
  return result.empty() ? "(empty)" : result;
}

} // namespace penstock::actors
