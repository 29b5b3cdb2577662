#include "actors/cache/response_cache.hpp"

#include "tests/support/deterministic_system.hpp"

#include <map>
#include <random>

using namespace penstock;
using namespace std::chrono_literals;
using core::cache_mode;

namespace {

/// Messages that the workers got.
struct told {
  std::map<uint64_t, cache_hit> found;
  std::vector<uint64_t> lead;
};

struct fixture : test::deterministic_system {
  std::shared_ptr<told> log = std::make_shared<told>();
  std::shared_ptr<io::unix_seconds> wall = std::make_shared<io::unix_seconds>(1'800'000'000);
  /// The store outlives the cache. A restarted cache opens it again.
  struct kept_store : io::response_store {
    std::shared_ptr<io::response_store> inner;
    std::shared_ptr<errc> broken; ///< The error of every write and read; `internal`: no error.
    std::shared_ptr<size_t> puts;
    template <class T>
    result<T> failing() const {
      return error{*broken, "broken for the test"};
    }
    bool works() const { return *broken == errc::internal; }
    result<std::optional<core::cached_answer>> find(const std::string& key,
                                                    io::unix_seconds now) override {
      return works() ? inner->find(key, now) : failing<std::optional<core::cached_answer>>();
    }
    result<void> put(const std::vector<io::store_row>& rows, io::unix_seconds now) override {
      *puts += !rows.empty();
      return works() ? inner->put(rows, now) : failing<void>();
    }
    result<io::store_totals> totals() override { return inner->totals(); }
    result<uint64_t> clear(std::optional<io::unix_seconds> b) override { return inner->clear(b); }
  };
  kept_store store;
  response_cache_actor aut;
  caf::actor asker;

  fixture() {
    store.inner = io::make_memory_store({.ttl = 100s, .bytes_max = 1u << 20});
    store.broken = std::make_shared<errc>(errc::internal);
    store.puts = std::make_shared<size_t>();
    auto log = this->log;
    asker = caf::actor_cast<caf::actor>(
      spawn([log](cache_taker_actor::pointer) -> cache_taker_actor::behavior_type {
        return {[log](atom::found, const cache_hit& hit) {
                  BOOST_TEST(log->found.count(hit.id) == 0u, "one answer each");
                  log->found[hit.id] = hit;
                },
                [log](atom::lead, uint64_t id) { log->lead.push_back(id); }};
      }));
    start(false);
  }

  void start(bool restarted) {
    actors::response_cache_setup setup;
    setup.open = [s = store] {
      return result<std::unique_ptr<io::response_store>>{std::make_unique<kept_store>(s)};
    };
    setup.wall_now = [wall = wall] { return *wall; };
    aut = spawn(actors::response_cache, setup, restarted);
    run();
  }

  void look_up(uint64_t id, std::string key = "k", cache_mode mode = cache_mode::on,
               uint64_t owner = 1) {
    caf::send_as(asker, aut, atom::look_up_v, cache_query{id, owner, mode, std::move(key)});
    run();
  }
  void publish(uint64_t id, std::string key = "k", bool keep = true, std::string body = "yes") {
    core::cached_answer a;
    a.body = core::make_payload(std::move(body));
    self->send(aut, atom::publish_v,
               cache_result{id, std::move(key), keep, make_shared_value(std::move(a))});
    run();
  }
  void leave(uint64_t id, bool failed = false, std::string key = "k") {
    self->send(aut, atom::withdraw_v, cache_leave{id, std::move(key), failed});
    run();
  }
  cache_snapshot snapshot() { return ask<cache_snapshot>(aut, atom::snapshot_v); }
  using ids = std::vector<uint64_t>;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(response_cache_suite, fixture)

BOOST_AUTO_TEST_CASE(the_first_asker_leads_and_the_others_get_its_answer) {
  for (uint64_t id = 1; id <= 5; ++id)
    look_up(id);
  BOOST_TEST((log->lead == ids{1}));
  BOOST_TEST(log->found.empty());
  BOOST_TEST(snapshot().waiting == 4u);
  publish(1);
  BOOST_TEST(log->found.size() == 4u);
  for (auto& [id, hit] : log->found)
    BOOST_TEST((id != 1 && hit.joined && *hit.answer->body == "yes"));
  const auto seen = snapshot();
  BOOST_TEST(
    (seen.joined == 4u && seen.waiting == 0u && seen.in_flight == 0u && seen.misses == 1u));
}

BOOST_AUTO_TEST_CASE(a_published_answer_is_found_before_and_after_it_is_written) {
  look_up(1);
  publish(1);
  look_up(2);
  BOOST_TEST(*store.puts == 0u);
  advance(actors::response_cache_state::flush_every);
  BOOST_TEST(*store.puts == 1u);
  look_up(3);
  BOOST_TEST(log->found.size() == 2u);
  for (auto& [id, hit] : log->found)
    BOOST_TEST((!hit.joined && *hit.answer->body == "yes"));
  const auto seen = snapshot();
  BOOST_TEST((seen.hits == 2u && seen.kept == 1u && seen.misses == 1u));
}

BOOST_AUTO_TEST_CASE(other_keys_have_nothing_to_do_with_each_other) {
  look_up(1, "tenant a");
  look_up(2, "tenant b");
  BOOST_TEST((log->lead == ids{1, 2}));
  publish(1, "tenant a");
  BOOST_TEST(log->found.empty());
}

BOOST_AUTO_TEST_CASE(when_a_leader_is_stopped_the_next_one_leads) {
  for (uint64_t id = 1; id <= 4; ++id)
    look_up(id);
  leave(1);
  BOOST_TEST((log->lead == ids{1, 2}));
  leave(2);
  BOOST_TEST((log->lead == ids{1, 2, 3}));
  publish(3);
  BOOST_TEST((log->found.size() == 1u && log->found.count(4) == 1u));
}

BOOST_AUTO_TEST_CASE(a_failed_leader_doubles_those_that_lead) {
  for (uint64_t id = 1; id <= 20; ++id)
    look_up(id);
  leave(1, true);
  BOOST_TEST((log->lead == ids{1, 2, 3}));
  leave(2, true);
  BOOST_TEST((log->lead == ids{1, 2, 3, 4, 5, 6}));
  publish(5);
  // 3, 4 and 6 are in flight; the others are answered.
  BOOST_TEST(log->found.size() == 14u);
  // A leader that answers too late changes nothing.
  publish(6, "k", true, "late");
  leave(3, true);
  look_up(30);
  BOOST_TEST(*log->found[30].answer->body == "yes");
}

BOOST_AUTO_TEST_CASE(a_request_that_always_fails_fails_for_all_in_few_rounds) {
  for (uint64_t id = 1; id <= 1000; ++id)
    look_up(id);
  size_t rounds = 0, done = 0;
  while (done < 1000 && rounds < 1000) {
    ++rounds;
    const auto now = log->lead;
    BOOST_REQUIRE(now.size() > done);
    for (; done < now.size(); ++done)
      leave(now[done], true);
  }
  BOOST_TEST(done == 1000u);
  BOOST_TEST(rounds <= 10u);
  BOOST_TEST(snapshot().in_flight == 0u);
}

BOOST_AUTO_TEST_CASE(one_that_waits_may_leave) {
  look_up(1);
  look_up(2);
  look_up(3);
  leave(2);
  BOOST_TEST((log->lead == ids{1}));
  leave(1);
  BOOST_TEST((log->lead == ids{1, 3}));
  BOOST_TEST(snapshot().waiting == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_dead_node_led_goes_to_the_next_of_another) {
  look_up(1, "k", cache_mode::on, 7);
  look_up(2, "k", cache_mode::on, 7);
  look_up(3, "k", cache_mode::on, 8);
  look_up(4, "other", cache_mode::on, 7);
  self->send(aut, atom::release_v, uint64_t{7});
  run();
  BOOST_TEST((log->lead == ids{1, 4, 3}));
  BOOST_TEST(snapshot().in_flight == 1u);
  publish(1); // From a dead worker.
  BOOST_TEST(snapshot().in_flight == 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_not_to_be_kept_is_good_for_those_that_wait) {
  look_up(1);
  look_up(2);
  publish(1, "k", false);
  BOOST_TEST(log->found.size() == 1u);
  look_up(3);
  BOOST_TEST((log->lead == ids{1, 3}));
}

BOOST_AUTO_TEST_CASE(mode_read_keeps_nothing) {
  look_up(1, "k", cache_mode::read);
  look_up(2, "k", cache_mode::read);
  publish(1);
  BOOST_TEST(log->found.size() == 1u);
  advance(1s);
  look_up(3);
  BOOST_TEST((log->lead == ids{1, 3}));
}

BOOST_AUTO_TEST_CASE(mode_write_takes_no_kept_answer_but_keeps_its_own_and_joins) {
  look_up(1);
  publish(1, "k", true, "old");
  look_up(2, "k", cache_mode::write);
  look_up(3, "k", cache_mode::write);
  BOOST_TEST((log->lead == ids{1, 2}));
  publish(2, "k", true, "new");
  BOOST_TEST(*log->found[3].answer->body == "new");
  advance(1s);
  look_up(4, "k", cache_mode::read);
  BOOST_TEST(*log->found[4].answer->body == "new");
}

BOOST_AUTO_TEST_CASE(a_writer_that_joins_a_reader_has_the_answer_kept) {
  look_up(1, "k", cache_mode::read);
  look_up(2, "k", cache_mode::on);
  publish(1);
  look_up(3);
  BOOST_TEST(log->found.count(3) == 1u);
}

BOOST_AUTO_TEST_CASE(an_old_answer_is_not_given) {
  look_up(1);
  publish(1);
  advance(1s);
  *wall += 100;
  look_up(2);
  BOOST_TEST((log->lead == ids{1, 2}));
}

BOOST_AUTO_TEST_CASE(a_full_group_is_written_at_once) {
  const auto n = actors::response_cache_state::rows_at_once;
  for (uint64_t id = 0; id < n; ++id) {
    look_up(id, std::to_string(id));
    publish(id, std::to_string(id));
  }
  BOOST_TEST(*store.puts == 1u);
  BOOST_TEST(snapshot().kept == n);
}

BOOST_AUTO_TEST_CASE(an_end_writes_what_waits) {
  look_up(1);
  publish(1);
  caf::anon_send_exit(aut, caf::exit_reason::user_shutdown);
  run();
  BOOST_TEST(*store.puts == 1u);
  start(false);
  look_up(2);
  BOOST_TEST(log->found.count(2) == 1u);
}

BOOST_AUTO_TEST_CASE(a_restarted_cache_adopts_those_that_lead_before_it_answers) {
  start(true);
  look_up(2);
  look_up(3);
  BOOST_TEST(log->lead.empty());
  self->send(aut, atom::adopt_v, cache_query{1, 1, cache_mode::on, "k"});
  look_up(4, "other");
  leave(3);
  advance(actors::response_cache_state::adopt_for);
  BOOST_TEST((log->lead == ids{4}));
  publish(1);
  BOOST_TEST((log->found.size() == 1u && log->found.count(2) == 1u));
}

BOOST_AUTO_TEST_CASE(without_a_store_requests_are_still_joined) {
  actors::response_cache_setup setup;
  setup.open = [] {
    return result<std::unique_ptr<io::response_store>>{error{errc::io_error, "no disk"}};
  };
  aut = spawn(actors::response_cache, setup, false);
  look_up(1);
  look_up(2);
  publish(1);
  BOOST_TEST(log->found.count(2) == 1u);
  look_up(3);
  BOOST_TEST((log->lead == ids{1, 3}));
  BOOST_TEST(snapshot().trouble.context == "no disk");
}

BOOST_AUTO_TEST_CASE(a_store_in_use_by_others_is_tried_again) {
  look_up(1);
  *store.broken = errc::locked;
  publish(1);
  advance(5s);
  BOOST_TEST((snapshot().kept == 0u && snapshot().dropped == 0u));
  *store.broken = errc::internal;
  advance(actors::response_cache_state::retry_every);
  BOOST_TEST(snapshot().kept == 1u);
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_costs_the_answers_only) {
  look_up(1);
  look_up(2);
  *store.broken = errc::disk_full;
  publish(1);
  advance(1s);
  BOOST_TEST(log->found.count(2) == 1u);
  auto seen = snapshot();
  BOOST_TEST((seen.dropped == 1u && seen.kept == 0u));
  BOOST_TEST((seen.trouble.code == errc::disk_full));
  look_up(3);
  BOOST_TEST((log->lead == ids{1, 3}));
  *store.broken = errc::internal; // The disk has room again.
  publish(3);
  advance(1s);
  BOOST_TEST(snapshot().kept == 1u);
}

BOOST_AUTO_TEST_CASE(a_damaged_store_is_not_asked_again) {
  *store.broken = errc::corrupt;
  look_up(1);
  BOOST_TEST((log->lead == ids{1}));
  *store.broken = errc::internal;
  publish(1);
  advance(1s);
  BOOST_TEST(*store.puts == 0u);
  BOOST_TEST((snapshot().trouble.code == errc::corrupt));
}

BOOST_AUTO_TEST_CASE(whatever_happens_every_asker_is_told_once_and_nothing_stays) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 rng{seed};
  for (int round = 0; round < 20; ++round) {
    *log = {};
    std::map<uint64_t, std::string> key_of;
    std::set<uint64_t> gone;
    size_t answered = 0; // Leaders whose answer was used.
    for (uint64_t id = 1; id <= 200; ++id)
      key_of[id] = std::to_string(round) + "/" + std::to_string(rng() % 10);
    uint64_t next = 1;
    while (next <= 200 || answered < log->lead.size()) {
      if (next <= 200 && rng() % 2) {
        look_up(next, key_of[next]);
        ++next;
      } else if (next > 1 && rng() % 8 == 0) {
        const auto id = 1 + rng() % (next - 1);
        const auto leads = std::find(log->lead.begin(), log->lead.end(), id) != log->lead.end();
        if (!leads && !log->found.count(id) && gone.insert(id).second)
          leave(id, false, key_of[id]);
      } else if (answered < log->lead.size()) {
        const auto id = log->lead[answered++];
        if (rng() % 3 == 0)
          publish(id, key_of[id]);
        else
          leave(id, rng() % 2, key_of[id]);
      }
    }
    for (uint64_t id = 1; id <= 200; ++id) {
      const auto leads = std::count(log->lead.begin(), log->lead.end(), id);
      BOOST_REQUIRE_MESSAGE(leads + log->found.count(id) + gone.count(id) == 1,
                            "seed " << seed << " id " << id << " leads " << leads);
    }
    const auto seen = snapshot();
    BOOST_REQUIRE_MESSAGE(seen.in_flight == 0 && seen.waiting == 0, "seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
