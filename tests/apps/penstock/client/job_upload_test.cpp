#include "apps/penstock/client/job_upload.hpp"
#include "messages/system_config.hpp"
#include "tests/support/temp_dir.hpp"

#include <caf/all.hpp>

#include <boost/test/unit_test.hpp>

#include <deque>
#include <mutex>

using namespace penstock;
using namespace penstock::cli;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// Messages and behavior of a fake head. It outlives the actors of the head, as a store does.
struct head_log {
  std::mutex mutex;
  std::vector<std::string> ids; ///< Ids of the stored requests, in order.
  bool complete = false;
  uint32_t openings = 0, parts = 0;
  uint32_t unanswered = 0, unanswered_max = 0;
  size_t part_max = 0, bytes_max = 0;
  std::vector<uint32_t> deaths; ///< Parts at which the head dies without an answer.
  bool forgets = false;         ///< The head dies and loses all data.
};
using log_pointer = std::shared_ptr<head_log>;

struct head_state {
  std::deque<std::pair<caf::typed_response_promise<job_ticket>, job_ticket>> due;
};

job_ticket ticket_of(const head_log& log) {
  return {7, log.ids.size(), log.complete, log.openings > 1};
}

/// Accepts requests as an engine does, and answers a little later, so that parts can collect.
caf::behavior fake_head(caf::stateful_actor<head_state>* self, const log_pointer& log) {
  return {
    [=](atom::submit, const submission&) {
      std::lock_guard lock{log->mutex};
      ++log->openings;
      log->unanswered = 0;
      return ticket_of(*log);
    },
    [=](atom::add, const submission_part& part) -> caf::result<job_ticket> {
      std::lock_guard lock{log->mutex};
      if (std::erase(log->deaths, ++log->parts) > 0) {
        if (log->forgets)
          log->ids.clear();
        self->quit(caf::exit_reason::kill);
        return caf::sec::runtime_error;
      }
      if (part.job != 7 || part.first > log->ids.size())
        return to_caf({errc::invalid_input, "a gap before " + std::to_string(part.first)});
      size_t bytes = 0;
      for (auto i = log->ids.size() - part.first; i < part.requests.size(); ++i)
        log->ids.push_back(part.requests[i]->custom_id);
      for (auto& r : part.requests)
        bytes += r->body->size();
      log->part_max = std::max(log->part_max, part.requests.size());
      log->bytes_max = std::max(log->bytes_max, bytes);
      log->complete = part.complete;
      log->unanswered_max = std::max(log->unanswered_max, ++log->unanswered);
      auto promise = self->make_response_promise<job_ticket>();
      self->state.due.emplace_back(promise, ticket_of(*log));
      self->delayed_send(self, 1ms, atom::wake_v);
      return promise;
    },
    [=](atom::wake) {
      std::lock_guard lock{log->mutex};
      --log->unanswered;
      self->state.due.front().first.deliver(self->state.due.front().second);
      self->state.due.pop_front();
    },
  };
}

struct upload_fixture {
  system_config config;
  caf::actor_system sys{config};
  log_pointer log = std::make_shared<head_log>();
  temp_dir dir;
  std::string in = dir / "in.jsonl";
  caf::actor last;

  ~upload_fixture() { caf::anon_send_exit(last, caf::exit_reason::kill); }

  void write_input(size_t count, size_t body = 10) const {
    std::string text;
    for (size_t i = 0; i < count; ++i)
      text += R"({"custom_id":")" + std::to_string(i) +
              R"(","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":")" +
              std::string(body, 'x') + "\"}}\n";
    write_file(in, text);
  }
  result<job_ticket> upload() {
    head_session head{sys,
                      [this](duration) -> result<engine_actor> {
                        last = sys.spawn(fake_head, log);
                        return caf::actor_cast<engine_actor>(last);
                      },
                      "test"};
    BOOST_REQUIRE(head.connect(1s).has_value());
    upload_plan plan;
    plan.head.idempotency_key = "k";
    plan.input = in;
    auto found = io::scan_input(in, {});
    BOOST_REQUIRE(found.has_value());
    plan.scan = *found;
    return job_upload{head, std::move(plan)}.run();
  }
  /// All requests are there, once and in order.
  void check(const result<job_ticket>& ticket, size_t count) const {
    BOOST_TEST_CONTEXT((ticket ? std::string{} : ticket.error().context))
    BOOST_REQUIRE(ticket.has_value());
    BOOST_TEST(ticket->accepted == count);
    BOOST_TEST(log->complete);
    BOOST_REQUIRE(log->ids.size() == count);
    for (size_t i = 0; i < count; ++i)
      if (log->ids[i] != std::to_string(i))
        BOOST_FAIL("request " << i << " is " << log->ids[i]);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(job_upload, upload_fixture)

BOOST_AUTO_TEST_CASE(parts_are_bounded_and_two_at_most_are_unanswered) {
  write_input(5000);
  check(upload(), 5000);
  BOOST_TEST(log->part_max == 512u);
  BOOST_TEST(log->unanswered_max <= 2u);
}

BOOST_AUTO_TEST_CASE(large_bodies_make_small_parts) {
  write_input(20, 300'000);
  check(upload(), 20);
  BOOST_TEST(log->bytes_max < 1'400'000u); // The last part may go beyond it.
  BOOST_TEST(log->parts >= 5u);
}

BOOST_AUTO_TEST_CASE(jobs_of_every_size_end) {
  for (size_t count : {0, 1, 511, 512, 513, 1024}) {
    log = std::make_shared<head_log>();
    write_input(count);
    check(upload(), count);
  }
}

BOOST_AUTO_TEST_CASE(a_head_that_goes_down_gets_what_it_misses) {
  log->deaths = {1, 3, 4, 8, 9};
  write_input(5000);
  check(upload(), 5000);
  BOOST_TEST(log->openings == 6u);
  BOOST_TEST(log->parts < 10u + 5 * 2);
}

BOOST_AUTO_TEST_CASE(a_head_that_forgot_gets_a_file_anew) {
  log->deaths = {5};
  log->forgets = true;
  write_input(5000);
  check(upload(), 5000);
}

BOOST_AUTO_TEST_CASE(a_job_that_is_partly_or_wholly_there_is_continued) {
  write_input(2000);
  for (size_t i = 0; i < 700; ++i)
    log->ids.push_back(std::to_string(i));
  check(upload(), 2000);
  const auto parts = log->parts;
  check(upload(), 2000);
  BOOST_TEST(log->parts == parts);
}

BOOST_AUTO_TEST_CASE(a_key_of_another_job_is_refused) {
  write_input(10);
  for (size_t i = 0; i < 11; ++i)
    log->ids.push_back(std::to_string(i));
  auto refused = upload();
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST((refused.error().code == errc::invalid_config));
  log->complete = true;
  refused = upload();
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST(refused.error().context.find("with 11 requests already") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_head_refuses_ends_the_upload) {
  write_input(10);
  log->ids = {"0"}; // Larger than the file says nothing; a gap does.
  head_session head{
    sys,
    caf::actor_cast<engine_actor>(last = sys.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](atom::submit, const submission&) -> caf::result<job_ticket> {
        return to_caf({errc::invalid_input, "tenant is empty"});
      }};
    }))};
  upload_plan plan;
  plan.input = in;
  auto refused = cli::job_upload{head, std::move(plan)}.run();
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST(refused.error().context == "tenant is empty");
}

BOOST_AUTO_TEST_SUITE_END()
