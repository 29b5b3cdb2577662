#include "actors/peer/peer_rules.hpp"
#include "tests/support/deterministic_system.hpp"
#include "messages/interfaces.hpp"
#include "messages/map.hpp"

#include <caf/binary_serializer.hpp>

#include <random>

using namespace penstock;
using namespace penstock::actors;

namespace {

struct wire_fixture : test::deterministic_system {
  /// The payload of a `direct` message, as CAF writes it.
  template <class... Ts>
  std::string payload(Ts... xs) {
    std::vector<char> buffer;
    caf::binary_serializer out{sys, buffer};
    std::vector<caf::strong_actor_ptr> stages;
    auto content = caf::make_message(std::move(xs)...);
    if (auto err = out(stages, content))
      BOOST_FAIL(caf::to_string(err));
    return {buffer.begin(), buffer.end()};
  }
  template <class... Ts>
  peer_verdict judge(uint8_t roles, Ts... xs) {
    const auto content = read_content(payload(std::move(xs)...));
    BOOST_REQUIRE(content);
    return judge_message({.kind = 2, .length = 1, .target = 7}, *content, roles);
  }
  /// Whether a peer of these roles may send it, and no other peer.
  template <class... Ts>
  bool is_only_for(uint8_t roles, Ts... xs) {
    bool right = true;
    for (uint8_t role : {role_node, role_client, role_head})
      right = right && (judge(role, xs...) == peer_verdict::pass) == ((roles & role) != 0);
    return right;
  }
};

constexpr uint8_t everybody = role_node | role_client;

wire_header of_kind(wire_kind kind, uint32_t length, uint64_t target = 0) {
  return {.kind = static_cast<uint8_t>(kind), .length = length, .target = target};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(peer_message_suite, wire_fixture)

BOOST_AUTO_TEST_CASE(messages_between_processes_pass_from_their_role) {
  BOOST_TEST(is_only_for(everybody, atom::hello_v, peer_hello{}));
  BOOST_TEST(is_only_for(role_node, atom::join_v, node_offer{}));
  BOOST_TEST(is_only_for(role_node, atom::join_v, node_actor{}, uint64_t{1}));
  BOOST_TEST(is_only_for(role_node, atom::heartbeat_v, node_beat{}));
  BOOST_TEST(is_only_for(role_node, atom::leave_v, uint64_t{1}));
  BOOST_TEST(is_only_for(role_node, atom::freed_v, slot_return{}));
  BOOST_TEST(is_only_for(role_node, atom::report_v, report_batch{}));
  BOOST_TEST(is_only_for(role_node, atom::acquire_v, core::permit_request{}));
  BOOST_TEST(is_only_for(role_node, atom::adopt_v, core::permit_request{}));
  BOOST_TEST(is_only_for(role_node, atom::settle_v, core::settlement{}));
  BOOST_TEST(is_only_for(role_node, atom::withdraw_v, uint64_t{1}));
  BOOST_TEST(is_only_for(role_node, atom::look_up_v, cache_query{}));
  BOOST_TEST(is_only_for(role_node, atom::adopt_v, cache_query{}));
  BOOST_TEST(is_only_for(role_node, atom::publish_v, cache_result{}));
  BOOST_TEST(is_only_for(role_node, atom::withdraw_v, cache_leave{}));
  BOOST_TEST(is_only_for(role_client, atom::submit_v, submission{}));
  BOOST_TEST(is_only_for(role_client, atom::add_v, submission_part{}));
  for (auto ask : {caf::atom("status"), caf::atom("info"), caf::atom("wait"), caf::atom("cancel"),
                   caf::atom("retry")})
    BOOST_TEST(is_only_for(role_client, ask, uint64_t{1}), caf::to_string(ask));
  BOOST_TEST(is_only_for(role_client, atom::jobs_v, job_filter{}));
  BOOST_TEST(is_only_for(role_client, atom::results_v, results_query{}));
  BOOST_TEST(is_only_for(role_client, atom::subscribe_v, subscription{}));
  BOOST_TEST(is_only_for(role_client, atom::subscribe_v, event_query{}));
  BOOST_TEST(is_only_for(role_client, atom::credit_v, uint64_t{1}, uint32_t{1}));
  BOOST_TEST(is_only_for(role_client, atom::credit_v, uint32_t{1}));
  for (auto ask : {caf::atom("nodes"), caf::atom("lanes"), caf::atom("tenants")})
    BOOST_TEST(is_only_for(role_client, ask), caf::to_string(ask));
}

BOOST_AUTO_TEST_CASE(messages_inside_a_process_pass_from_nobody) {
  const auto nobody = [&](auto... xs) { return is_only_for(role_none, xs...); };
  BOOST_TEST(nobody(atom::submit_v, local_submission{}));
  BOOST_TEST(nobody(atom::drain_v, uint64_t{0}));
  BOOST_TEST(nobody(atom::abort_v, uint64_t{0}));
  BOOST_TEST(nobody(atom::finished_v, uint64_t{1}, job_progress{}));
  BOOST_TEST(nobody(atom::demand_v, uint64_t{1}, uint32_t{1}));
  BOOST_TEST(nobody(atom::lost_v, uint64_t{1}));
  BOOST_TEST(nobody(atom::release_v, uint64_t{1}));
  BOOST_TEST(nobody(atom::rewire_v, wiring{}));
  BOOST_TEST(nobody(atom::join_v, node_actor{}, uint64_t{1}, uint32_t{9}));
  BOOST_TEST(nobody(atom::wake_v));
  BOOST_TEST(nobody(atom::flush_v));
  BOOST_TEST(nobody(atom::cancel_v));
  BOOST_TEST(nobody(atom::stop_v));
  BOOST_TEST(nobody(atom::forget_v, uint64_t{1}));
  BOOST_TEST(nobody(caf::exit_msg{{}, caf::exit_reason::kill}));
  BOOST_TEST(nobody(caf::down_msg{{}, caf::exit_reason::kill}));
  BOOST_TEST(nobody(caf::error{caf::sec::runtime_error}));
  BOOST_TEST(nobody());
  BOOST_TEST(nobody(uint64_t{7}));
  BOOST_TEST(nobody(atom::nodes_v, atom::nodes_v));
}

BOOST_AUTO_TEST_CASE(answers_are_refused_because_a_head_asks_nobody) {
  const auto content = read_content(payload(atom::heartbeat_v, node_beat{}));
  BOOST_REQUIRE(content);
  wire_header answer{.kind = 2, .length = 1, .data = 1ull << 63, .target = 7};
  BOOST_TEST((judge_message(answer, *content, role_any) == peer_verdict::refuse));
}

BOOST_AUTO_TEST_CASE(what_caf_sends_by_itself_is_dropped_without_a_word) {
  BOOST_TEST(
    (judge(role_node, caf::atom("link"), caf::strong_actor_ptr{}) == peer_verdict::ignore));
  const auto content =
    read_content(payload(caf::atom("sys"), caf::atom("get"), std::string{"info"}));
  BOOST_REQUIRE(content);
  wire_header by_name{.kind = 2, .flags = 1, .length = 1, .target = 7};
  BOOST_TEST((judge_message(by_name, *content, role_any) == peer_verdict::ignore));
}

BOOST_AUTO_TEST_CASE(headers_that_are_not_well_formed_are_refused) {
  using enum wire_kind;
  for (bool accepted : {true, false}) {
    for (auto kind : {direct, monitor, down}) {
      BOOST_TEST(header_fault(of_kind(kind, 1, 7), true, accepted).empty());
      BOOST_TEST(!header_fault(of_kind(kind, 0, 7), true, accepted).empty());
      BOOST_TEST(!header_fault(of_kind(kind, 1, 7), false, accepted).empty());
    }
    BOOST_TEST(!header_fault(of_kind(direct, 1, 0), true, accepted).empty());
    BOOST_TEST(header_fault(of_kind(heartbeat, 0), true, accepted).empty());
    BOOST_TEST(!header_fault(of_kind(heartbeat, 1), true, accepted).empty());
    BOOST_TEST(!header_fault(of_kind(routed, 9, 7), true, accepted).empty());
    // The crash of a head: a handshake of a server, without content, after the handshake.
    BOOST_TEST(!header_fault(of_kind(server_handshake, 0), true, accepted).empty());
    BOOST_TEST(!header_fault(of_kind(server_handshake, 99), true, accepted).empty());
    BOOST_TEST(!header_fault(of_kind(client_handshake, 0), true, accepted).empty());
    BOOST_TEST(!header_fault(of_kind(client_handshake, 0), false, accepted).empty());
    for (int kind = 7; kind < 256; ++kind)
      BOOST_TEST(!header_fault({.kind = static_cast<uint8_t>(kind), .length = 1, .target = 7}, true,
                               accepted)
                    .empty());
  }
  BOOST_TEST(header_fault(of_kind(client_handshake, 9), true, true).empty());
  BOOST_TEST(!header_fault(of_kind(client_handshake, 9), true, false).empty());
  BOOST_TEST(header_fault(of_kind(client_handshake, 9), false, true).empty());
  BOOST_TEST(header_fault(of_kind(server_handshake, 9), false, false).empty());
  BOOST_TEST(!header_fault(of_kind(server_handshake, 9), false, true).empty());
}

BOOST_AUTO_TEST_CASE(damaged_payloads_have_no_content) {
  const auto whole = payload(atom::heartbeat_v, node_beat{});
  for (size_t n = 0; n < whole.find("node_beat") + 9 + 8; ++n)
    BOOST_TEST(!read_content(std::string_view{whole}.substr(0, n)), n);
  for (auto text : {std::string{"\1\0\0\3@<>", 7}, std::string{"\0\0\1", 3},
                    std::string{"\0\0\0\xff\xff\xff\xff\xff", 8}, std::string{"\0\0\0\3@<x", 7},
                    std::string{"\0\0\0\5@<>x+", 9}})
    BOOST_TEST(!read_content(text));
  constexpr unsigned seed = 4711;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  for (int i = 0; i < 20'000; ++i) {
    auto text = whole;
    for (int k = 0; k < 3; ++k)
      text[random() % text.size()] = static_cast<char>(random());
    read_content(text); // It must not read beyond the end; the sanitizers watch.
  }
}

BOOST_AUTO_TEST_SUITE_END()
