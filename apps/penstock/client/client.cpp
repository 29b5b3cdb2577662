#include "apps/penstock/client/client.hpp"
#include "core/base/duration_text.hpp"

#include "actors/peer/cluster_config.hpp"
#include "actors/peer/connect.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "apps/penstock/process/process_log.hpp"
#include "apps/penstock/process/signals.hpp"
#include "apps/penstock/view/summary.hpp"
#include "config/text.hpp"
#include "core/view/text_table.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace penstock::cli {

namespace {

using config::in_quotes;

/// Time limit of the first connection.
constexpr duration connect_within = std::chrono::seconds{5};
/// How long a session looks for a head that it has lost, if `--patience` does not say.
constexpr duration default_patience = std::chrono::minutes{10};

int exit_of_signal(int number) { return 128 + number; }

} // namespace

int client::fail(const error& e) const {
  if (const auto number = signal(); number != 0 && e.code == errc::cancelled)
    return exit_of_signal(number);
  std::fprintf(stderr, "penstock: %s\n", core::printable(e.context).c_str());
  return static_cast<int>(exit_code_of(e));
}

void client::say(const std::string& text) const {
  if (!settings().run.quiet)
    std::fprintf(stderr, "penstock: %s\n", text.c_str());
}

int with_head(const cluster_command& command, const std::function<int(client&)>& work) {
  const auto patience = span_of(command, "patience", default_patience);
  if (!patience)
    return complain_usage(patience.error());
  const auto& cluster = command.settings.values.cluster;
  block_signals(); // Threads start after this line.
  std::atomic<int> signal{0};
  std::atomic<head_session*> session{nullptr};
  signal_watcher watcher{[&](int number, int count) {
    auto* head = session.load();
    if (!head || count > 1)
      std::_Exit(exit_of_signal(number));
    signal = number;
    head->interrupt();
  }};
  actors::cluster_config config{cluster};
  caf::actor_system sys{config};
  head_session head{sys,
                    [&](duration timeout) {
                      return actors::connect(sys, cluster, "client", process_name(cluster),
                                             timeout);
                    },
                    cluster.head};
  head.set_patience(*patience);
  client self{command, head, [&] { return signal.load(); }};
  head.on_change([&](const std::string& text) { self.say(text); });
  if (auto there = head.connect(connect_within); !there)
    return self.fail(there.error());
  session = &head;
  const auto code = work(self);
  session = nullptr;
  return code;
}

result<uint64_t> job_of(const cluster_command& command) {
  const auto& text = command.positional.front();
  uint64_t job = 0;
  const auto* end = text.data() + text.size();
  if (const auto [at, ec] = std::from_chars(text.data(), end, job);
      ec != std::errc{} || at != end || job == 0)
    return usage("penstock " + command.name + ": JOB is a number such as 17, not " +
                 in_quotes(text) + "; penstock jobs lists them");
  return job;
}

result<uint64_t> number_of(const cluster_command& command, const std::string& option,
                           uint64_t otherwise) {
  const auto it = command.own.find(option);
  if (it == command.own.end())
    return otherwise;
  uint64_t n = 0;
  const auto& text = it->second;
  const auto* end = text.data() + text.size();
  if (const auto [at, ec] = std::from_chars(text.data(), end, n); ec != std::errc{} || at != end)
    return usage("penstock " + command.name + ": --" + option + " takes a whole number, not " +
                 in_quotes(text));
  return n;
}

result<duration> span_of(const cluster_command& command, const std::string& option,
                         duration otherwise) {
  const auto it = command.own.find(option);
  if (it == command.own.end())
    return otherwise;
  const auto span = core::parse_strict_duration(it->second);
  if (!span)
    return usage("penstock " + command.name + ": --" + option +
                 " takes a time span such as \"90s\" or \"10m\", not " + in_quotes(it->second));
  return *span;
}

} // namespace penstock::cli
