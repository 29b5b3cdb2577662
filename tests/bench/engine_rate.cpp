// T12: the speed of the engine itself. Sends requests by value through an embedded engine with a
// store in memory and the null upstream, and reads their outcomes in order. For comparison, two CAF
// actors in the same process ask each other as many questions at a time. Prints one line of JSON.
#include "actors/host/host.hpp"
#include "tests/bench/measure.hpp"

#include <caf/all.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cstring>

namespace {

using namespace penstock;
using steady = std::chrono::steady_clock;

struct plan {
  size_t requests = 200'000;
  uint32_t in_flight = 256;
  size_t body_bytes = 1024;
  size_t rounds = 5;
};

plan read_plan(int argc, char** argv) {
  plan p;
  bool fine = argc % 2 == 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = std::strtoull(argv[i + 1], nullptr, 10);
    fine = fine && value > 0;
    if (!std::strcmp(argv[i], "--requests"))
      p.requests = value;
    else if (!std::strcmp(argv[i], "--in-flight"))
      p.in_flight = static_cast<uint32_t>(value);
    else if (!std::strcmp(argv[i], "--body-bytes"))
      p.body_bytes = value;
    else if (!std::strcmp(argv[i], "--rounds"))
      p.rounds = value;
    else
      fine = false;
  }
  if (!fine) {
    std::fprintf(stderr, "usage: %s [--requests N] [--in-flight M] [--body-bytes B] [--rounds R]\n",
                 argv[0]);
    std::exit(2);
  }
  return p;
}

/// CPU time of this process in seconds.
double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct measured {
  double rate = 0;   ///< Per second.
  double cpu_us = 0; ///< Per request, of all threads.
};

/// Runs `work`, which does `count` steps, and measures it.
template <class F>
measured measure(size_t count, F work) {
  const auto cpu = cpu_seconds();
  const auto begin = steady::now();
  work();
  const auto n = static_cast<double>(count);
  return {n / std::chrono::duration<double>(steady::now() - begin).count(),
          (cpu_seconds() - cpu) * 1e6 / n};
}

double median(std::vector<measured> all, double measured::*what) {
  std::ranges::sort(all, {}, what);
  return all[all.size() / 2].*what;
}

/// One job from submission to its last outcome.
measured run_engine(const host& h, const plan& p, const core::payload& body) {
  submission what;
  what.options = h.defaults();
  for (size_t i = 0; i < p.requests; ++i) {
    core::request r;
    r.index = i;
    r.custom_id = "r" + std::to_string(i);
    r.url = "/v1/chat/completions";
    r.model = "gpt-4o-mini";
    r.body = body;
    what.requests.push_back(make_shared_value(std::move(r)));
  }
  return measure(p.requests, [&] {
    auto j = h.submit(std::move(what));
    uint64_t next = 0;
    if (j)
      for (auto& o : j->results())
        next += o.index == next && o.state == core::outcome_state::completed;
    if (next != p.requests) {
      std::fprintf(stderr, "engine_rate: %llu of %zu outcomes\n",
                   static_cast<unsigned long long>(next), p.requests);
      std::exit(1);
    }
  });
}

/// Measures as many questions between two CAF actors.
measured run_caf(caf::actor_system& sys, const plan& p) {
  const auto answerer = sys.spawn([] { return caf::behavior{[](uint64_t x) { return x; }}; });
  return measure(p.requests, [&] {
    caf::scoped_actor self{sys, true};
    self->spawn([&](caf::event_based_actor* asker) {
      auto left = std::make_shared<size_t>(p.requests), sent = std::make_shared<size_t>(0);
      auto ask = std::make_shared<std::function<void()>>();
      *ask = [=, total = p.requests, done = caf::actor_cast<caf::actor>(self), again = ask.get()] {
        if (*sent == total)
          return;
        ++*sent;
        asker->request(answerer, caf::infinite, uint64_t{*sent}).then([=](uint64_t) {
          if (--*left == 0)
            asker->send(done, caf::ok_atom::value);
          else
            (*again)();
        });
      };
      for (size_t i = 0; i < p.in_flight; ++i)
        (*ask)();
      asker->attach_functor([ask] {}); // Lives as long as the actor.
    });
    self->receive([](caf::ok_atom) {});
  });
}

} // namespace

int main(int argc, char** argv) {
  const auto p = read_plan(argc, argv);
  config::settings settings;
  settings.upstream.protocol = "null";
  settings.run.mode = core::mode::parallel;
  settings.run.in_flight_max = p.in_flight;
  settings.run.window_requests = std::max(settings.run.window_requests, 4 * p.in_flight);
  auto h = host::start(settings);
  if (!h) {
    std::fprintf(stderr, "engine_rate: %s\n", h.error().context.c_str());
    return 1;
  }
  const auto body = core::make_payload(bench::chat_body(p.body_bytes));
  std::vector<measured> engine, caf_alone;
  for (size_t i = 0; i < p.rounds; ++i) { // In turns, so that other work on the machine slows both.
    engine.push_back(run_engine(*h, p, body));
    caf_alone.push_back(run_caf(h->system(), p));
  }
  const auto best = std::ranges::max(engine, {}, &measured::rate);
  std::printf("{\"requests\":%zu,\"in_flight\":%u,\"body_bytes\":%zu,\"rounds\":%zu,\"rate\":%.0f,"
              "\"rate_best\":%.0f,"
              "\"cpu_us\":%.2f,\"caf_rate\":%.0f,\"caf_cpu_us\":%.2f}\n",
              p.requests, p.in_flight, p.body_bytes, p.rounds, median(engine, &measured::rate),
              best.rate, median(engine, &measured::cpu_us), median(caf_alone, &measured::rate),
              median(caf_alone, &measured::cpu_us));
}
