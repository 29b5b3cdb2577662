// Durable submits: the job store with one bulk submitter, with and without single submits at the
// same time, in turns with bare SQLite and groups of the same size.
//   submits [--requests N] [--body-bytes B] [--dir D]
#include "actors/store/job_reader.hpp"
#include "actors/store/job_writer.hpp"
#include "messages/system_config.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <caf/all.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace penstock;
using clock_type = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr uint64_t part_requests = 256;
constexpr uint64_t parts_under_way = 8; // So each group has the largest size.
constexpr auto single_every = std::chrono::milliseconds{10};

struct options {
  uint64_t requests = 200'000;
  size_t body_bytes = 1000;
  fs::path dir = ".";
};

double seconds_since(clock_type::time_point begin) {
  return std::chrono::duration<double>(clock_type::now() - begin).count();
}

/// The least work of any store on SQLite. @returns rows per second.
double bare_rate(const options& o) {
  const auto file = (o.dir / "bare.db").string();
  double rate = 0;
  {
    SQLite::Database db{file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
    db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF;"
            "CREATE TABLE r(id INTEGER PRIMARY KEY, name TEXT, body BLOB)");
    SQLite::Statement insert{db, "INSERT INTO r VALUES(?,?,?)"};
    const std::string name(32, 'n'), body(o.body_bytes, 'x');
    const auto begin = clock_type::now();
    for (uint64_t i = 0; i < o.requests;) {
      SQLite::Transaction group{db};
      for (const auto end =
             std::min<uint64_t>(i + actors::job_writer_state::group.rows_max, o.requests);
           i < end; ++i) {
        insert.bind(1, static_cast<int64_t>(i));
        insert.bindNoCopy(2, name);
        insert.bindNoCopy(3, static_cast<const void*>(body.data()), static_cast<int>(body.size()));
        insert.exec();
        insert.reset();
      }
      group.commit();
    }
    rate = static_cast<double>(o.requests) / seconds_since(begin);
  }
  for (auto suffix : {"", "-wal", "-shm"})
    fs::remove(file + suffix);
  return rate;
}

struct bulk_state {
  std::vector<shared_request> part;
  uint64_t job = 0, next = 0, total = 0, safe = 0;
  std::shared_ptr<std::promise<bool>> done;
};

/// Sends a job in parts, several at once, and answers when all of them are safe.
caf::behavior bulk_submitter(caf::stateful_actor<bulk_state>* self, job_writer_actor store,
                             uint64_t total, std::vector<shared_request> part,
                             std::shared_ptr<std::promise<bool>> done) {
  self->state.part = std::move(part);
  self->state.total = total;
  self->state.done = std::move(done);
  auto give_up = [self](const caf::error& why) {
    std::fprintf(stderr, "submits: %s\n", caf::to_string(why).c_str());
    self->state.done->set_value(false);
    self->quit();
  };
  auto send_part = [self, store, give_up](auto& again) -> void {
    auto& st = self->state;
    if (st.next == st.total)
      return;
    submission_part what;
    what.job = st.job;
    what.first = st.next;
    const auto count = std::min<uint64_t>(part_requests, st.total - st.next);
    what.requests.assign(st.part.begin(), st.part.begin() + static_cast<std::ptrdiff_t>(count));
    st.next += count;
    what.complete = st.next == st.total;
    self->request(store, caf::infinite, atom::add_v, std::move(what))
      .then(
        [self, again](const job_ticket& ticket) {
          self->state.safe = std::max(self->state.safe, ticket.accepted);
          if (self->state.safe == self->state.total) {
            self->state.done->set_value(true);
            self->quit();
          } else {
            again(again);
          }
        },
        give_up);
  };
  submission begin;
  begin.complete = false;
  self->request(store, caf::infinite, atom::submit_v, std::move(begin))
    .then(
      [self, send_part](const job_ticket& ticket) {
        self->state.job = ticket.job;
        for (uint64_t i = 0; i < parts_under_way; ++i)
          send_part(send_part);
      },
      give_up);
  return {[](caf::unit_t) {}};
}

struct single_state {
  std::vector<double> latencies; ///< Milliseconds.
};

/// Submits a job of one request at each tick, even if the last one has no answer yet. Latencies
/// count from the time of the tick. It answers a question for its latencies.
caf::behavior single_submitter(caf::stateful_actor<single_state>* self, job_writer_actor store,
                               shared_request one) {
  return {
    [=](caf::tick_atom, int64_t due) {
      submission s;
      s.requests = {one};
      self->request(store, caf::infinite, atom::submit_v, std::move(s))
        .then(
          [=](const job_ticket&) {
            const auto now = clock_type::now().time_since_epoch();
            self->state.latencies.push_back(
              std::chrono::duration<double, std::milli>(now - std::chrono::nanoseconds{due})
                .count());
          },
          [](const caf::error& why) {
            std::fprintf(stderr, "submits: %s\n", caf::to_string(why).c_str());
          });
    },
    [=](caf::get_atom) { return self->state.latencies; },
  };
}

/// Runs such an actor until `stop`.
std::vector<double> single_latencies(caf::actor_system& sys, const job_writer_actor& store,
                                     const shared_request& one, const std::atomic<bool>& stop) {
  auto submitter = sys.spawn(single_submitter, store, one);
  for (auto due = clock_type::now(); !stop; due += single_every) {
    std::this_thread::sleep_until(due);
    caf::anon_send(submitter, caf::tick_atom_v, int64_t{due.time_since_epoch().count()});
  }
  caf::scoped_actor self{sys, true};
  // The writer has answered all earlier messages.
  self->request(store, caf::infinite, atom::jobs_v)
    .receive([](const std::vector<uint64_t>&) {}, [](const caf::error&) {});
  std::vector<double> all;
  self->request(submitter, caf::infinite, caf::get_atom_v)
    .receive([&](std::vector<double>& found) { all = std::move(found); }, [](const caf::error&) {});
  self->send_exit(submitter, caf::exit_reason::user_shutdown);
  std::sort(all.begin(), all.end());
  return all;
}

double quantile(const std::vector<double>& sorted, double q) {
  return sorted.empty() ? 0
                        : sorted[static_cast<size_t>(q * static_cast<double>(sorted.size() - 1))];
}

struct sample {
  double rate = 0;
  std::vector<double> singles; ///< Milliseconds, sorted.
  bool ok = false;
};

/// One bulk job through the actors, on a new file.
sample store_rate(caf::actor_system& sys, const options& o, bool with_singles) {
  const auto file = (o.dir / "submits.db").string();
  auto opened = io::open_job_store(file);
  if (!opened) {
    std::fprintf(stderr, "submits: %s\n", opened.error().context.c_str());
    return {};
  }
  core::request r;
  r.custom_id = std::string(32, 'n');
  r.url = "/v1/chat/completions";
  r.model = "gpt-4o-mini";
  r.body = core::make_payload(std::string(o.body_bytes, 'x'));
  const auto one = make_shared_value(r);
  sample found;
  {
    auto reader = sys.spawn<caf::detached>(actors::job_reader, (*opened)->open_reader().value());
    auto store =
      sys.spawn<caf::detached>(actors::job_writer, *opened, reader, actors::job_writer_options{});
    auto done = std::make_shared<std::promise<bool>>();
    auto finished = done->get_future();
    std::atomic<bool> stop{false};
    std::thread beside;
    if (with_singles)
      beside = std::thread{[&] { found.singles = single_latencies(sys, store, one, stop); }};
    const auto begin = clock_type::now();
    sys.spawn(bulk_submitter, store, o.requests, std::vector<shared_request>(part_requests, one),
              done);
    found.ok = finished.get();
    found.rate = static_cast<double>(o.requests) / seconds_since(begin);
    stop = true;
    if (beside.joinable())
      beside.join();
    caf::scoped_actor waiting{sys, true};
    for (auto& a : {caf::actor_cast<caf::actor>(store), caf::actor_cast<caf::actor>(reader)}) {
      waiting->send_exit(a, caf::exit_reason::user_shutdown);
      waiting->wait_for(a);
    }
  }
  opened->reset();
  for (auto suffix : {"", "-wal", "-shm"})
    fs::remove(file + suffix);
  return found;
}

} // namespace

int main(int argc, char** argv) {
  options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--requests")
      o.requests = std::strtoull(argv[i + 1], nullptr, 10);
    else if (key == "--body-bytes")
      o.body_bytes = std::strtoull(argv[i + 1], nullptr, 10);
    else if (key == "--dir")
      o.dir = argv[i + 1];
    else
      o.requests = 0;
  }
  if (o.requests == 0 || argc % 2 == 0) {
    std::fprintf(stderr, "usage: %s [--requests N] [--body-bytes B] [--dir D]\n", argv[0]);
    return 2;
  }
  system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", size_t{2});
  caf::actor_system sys{config};
  const auto bare = bare_rate(o);
  const auto alone = store_rate(sys, o, false);
  const auto beside = store_rate(sys, o, true);
  std::printf(
    "{\"requests\":%llu,\"bare_rps\":%.0f,\"bulk_rps\":%.0f,\"ratio\":%.3f,\"beside_rps\":%.0f,"
    "\"singles\":%zu,\"single_p50_ms\":%.3f,\"single_p99_ms\":%.3f,\"single_max_ms\":%.3f}\n",
    static_cast<unsigned long long>(o.requests), bare, alone.rate, alone.rate / bare, beside.rate,
    beside.singles.size(), quantile(beside.singles, 0.5), quantile(beside.singles, 0.99),
    quantile(beside.singles, 1));
  return alone.ok && beside.ok ? 0 : 1;
}
