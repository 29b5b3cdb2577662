#include "apps/penstock/client/submit_command.hpp"

#include "actors/supervisor/from_settings.hpp"
#include "apps/penstock/client/client.hpp"
#include "apps/penstock/run/file_job.hpp"
#include "apps/penstock/client/job_follow.hpp"
#include "apps/penstock/client/job_upload.hpp"
#include "apps/penstock/client/job_watch.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "apps/penstock/client/outcome_output.hpp"
#include "apps/penstock/process/start.hpp"
#include "apps/penstock/process/start_line.hpp"
#include "apps/penstock/run/run_input.hpp"
#include "apps/penstock/view/summary.hpp"
#include "config/prices.hpp"
#include "config/text.hpp"
#include "core/base/checksum.hpp"

#include <caf/deep_to_string.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <random>

namespace penstock::cli {

namespace {

/// Slots decide how wide a job of a cluster runs; this is only a bound.
constexpr uint32_t any_width = 100'000;
/// What a job of any width may have under way between its requests and its last ordered outcome.
constexpr uint32_t wide_window = 16'384;
constexpr uint64_t wide_window_bytes = 64u << 20;
constexpr size_t key_bytes_max = 200;

std::string random_hex() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

std::string requests_text(uint64_t n) {
  return count_text(n) + (n == 1 ? " request" : " requests");
}

/// What the words of a submission say together although each is right.
result<void> check_words(const cluster_command& command) {
  const auto& run = command.settings.values.run;
  const auto fault = [](const char* text) {
    return usage(std::string{"penstock submit: "} + text);
  };
  if (command.own.contains("detach")) {
    if (command.output)
      return fault(
        "--detach leaves the results with the head, so there is nothing to write to -o; penstock "
        "results JOB -o FILE fetches them");
    if (run.restart)
      return fault("--detach writes no output that --restart could throw away");
    return {};
  }
  const auto output = command.output.value_or(default_output(command.positional.front()));
  if (output == "-" && run.json)
    return fault(
      "--json prints the summary where the results go, on standard output; send those to a file "
      "with -o FILE");
  if (output == "-" && run.restart)
    return fault("--restart has nothing to throw away on standard output");
  if (auto it = command.own.find("idempotency-key"); it != command.own.end()) {
    const auto& key = it->second;
    if (key.empty() || key.size() > key_bytes_max ||
        std::ranges::any_of(key, [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
      return usage("penstock submit: --idempotency-key takes up to 200 printable bytes, not " +
                   config::in_quotes(key));
  }
  return {};
}

/// One submission, from a checked input to its exit code.
class submit_session {
public:
  submit_session(client& c, std::optional<io::input_summary> scan)
      : client_{c}, scan_{std::move(scan)}, run_{c.settings().run},
        input_{c.command.positional.front()},
        output_{c.command.output.value_or(default_output(input_))}, detach_{c.has("detach")} {}

  int run() {
    begun_ = std::chrono::steady_clock::now();
    options_ = submitted_options(client_.command.settings);
    choose_key();
    if (!detach_) {
      auto out = outcome_output::open(place(run_.restart));
      if (!out)
        return client_.fail(out.error());
      out_.emplace(std::move(*out));
      if (out_->is_complete() && out_->totals().completed == out_->totals().requests())
        return already_complete();
    }
    auto job = upload();
    if (!job)
      return out_ && out_->is_complete() && job.error().code == errc::not_found
               ? already_complete()
               : stop_sending(job.error());
    if (auto opened = take_up_again(job->job); !opened)
      return client_.fail(opened.error());
    if (detach_)
      return leave(*job);
    auto info = info_of(client_.head, job->job);
    if (!info)
      return client_.fail(info.error());
    auto current = made_current(client_.head, *info, place(false), std::move(*out_));
    if (!current)
      return client_.fail(current.error());
    out_.emplace(std::move(*current));
    return out_->is_complete() ? already_complete() : follow(*info);
  }

private:
  outcome_place place(bool restart) const {
    return {.input = input_,
            .output = output_,
            .job = identity_of(run_.tenant, key_),
            .requests = scan_ ? std::optional{scan_->requests} : std::nullopt,
            .restart = restart};
  }

  /// The key finds the job again after a broken connection, and, by the output's journal, after a
  /// crash of this process. One that we make is of the content, the options and a random part: the
  /// same command over another output is another job.
  void choose_key() {
    if (auto it = client_.command.own.find("idempotency-key"); it != client_.command.own.end()) {
      key_ = it->second;
    } else {
      auto fixed = options_;
      fixed.seed = 0; // Random unless somebody chose it.
      const auto what = scan_ ? scan_->hash.substr(0, 16) : random_hex();
      const auto start =
        fmt::format("auto-{}-{:016x}-", what, core::checksum(caf::deep_to_string(fixed)));
      const auto begun = detach_ || run_.restart ? std::nullopt : begun_with(output_);
      const auto known = identity_of(run_.tenant, start);
      key_ = begun && begun->starts_with(known) ? start + begun->substr(known.size())
                                                : start + random_hex();
    }
    // Stable over all lives of the job, so that a provider can tell a request sent again.
    options_.client_id = fmt::format("pk-{:016x}", core::checksum(run_.tenant + '\n' + key_));
  }

  result<job_ticket> upload() {
    upload_plan plan;
    plan.head.options = options_;
    plan.head.idempotency_key = key_;
    const auto name = client_.command.own.find("name");
    plan.head.name = name != client_.command.own.end() ? name->second
                     : input_ == "-"                   ? "standard input"
                                     : std::filesystem::path{input_}.filename().string();
    plan.input = input_;
    plan.lines.model = run_.model;
    plan.line_max = run_.line_max;
    plan.scan = scan_;
    plan.strict = run_.strict;
    plan.expected = out_ && out_->next_index() > 0 && out_->is_resumable();
    std::optional<send_display> display;
    if (!run_.quiet) {
      display.emplace(scan_ ? std::optional{scan_->requests} : std::nullopt);
      plan.progress = [&](uint64_t accepted) { display->show(accepted); };
    }
    upload_.emplace(client_.head, std::move(plan));
    return upload_->run();
  }

  int stop_sending(const error& e) {
    if (out_)
      out_->finish(false);
    const auto code = client_.fail(e);
    if (!upload_ || !upload_->ticket())
      return code;
    const auto job = upload_->ticket()->job;
    if (e.code == errc::invalid_input)
      client_.head.ask<bool>(answer_within, atom::cancel_v, job);
    else
      client_.say(
        fmt::format("job {} is not complete at the head, so nothing of it runs; {}", job,
                    scan_ && out_ && out_->is_resumable()
                      ? "the same command goes on where it stopped"
                      : fmt::format("--idempotency-key {} goes on where it stopped", key_)));
    return code;
  }

  /// An outage, or an account without money, stopped the job: it goes on with what is open.
  /// Requests that failed for good are left to `penstock retry`.
  result<void> take_up_again(uint64_t job) {
    if (!upload_->known_before())
      return {};
    const auto info = info_of(client_.head, job);
    if (!info)
      return info.error();
    const auto& p = info->progress;
    if (p.state != job_state::aborted || p.failed + p.cancelled + p.expired > 0)
      return {};
    const auto again = client_.head.ask<uint64_t>(answer_within, atom::retry_v, job);
    return again ? result<void>{} : again.error();
  }

  int already_complete() {
    run_view view = new_view();
    view.job = progress_of(out_->totals());
    view.job.state = job_state::completed;
    if (run_.json)
      std::cout << summary_json(view) << std::endl;
    client_.say(fmt::format("{} is complete already ({} results); nothing was sent", output_,
                            count_text(view.job.resumed)));
    if (const auto open = done(view.job) - view.job.completed; open > 0 && view.job_id > 0)
      client_.say(retry_words(client_.command, view.job_id, open));
    return static_cast<int>(exit_code_of(view.job));
  }

  int leave(const job_ticket& job) {
    if (run_.json)
      std::cout << fmt::format(R"({{"job":{},"requests":{},"existed":{}}})", job.job, job.accepted,
                               upload_->known_before())
                << std::endl;
    else
      std::cout << job.job << std::endl;
    client_.say(fmt::format("job {} of {} is safe at {}{}\n  {}", job.job,
                            requests_text(job.accepted), client_.head.address(),
                            upload_->known_before() ? " (it was submitted before)" : "",
                            hints(client_.command, job.job, "")));
    return 0;
  }

  run_view new_view() const {
    run_view view;
    view.output = output_;
    view.job_id = upload_ && upload_->ticket() ? upload_->ticket()->job : 0;
    view.total = scan_ ? std::optional{scan_->requests} : std::nullopt;
    view.done_before = out_->next_index();
    view.resumable = out_->is_resumable();
    view.priced = !config::price_table_of(client_.settings()).empty();
    return view;
  }

  int follow(const job_info& info) {
    const auto ticket = *upload_->ticket();
    auto view = new_view();
    view.total = ticket.accepted;
    if (upload_->known_before())
      client_.say(fmt::format("job {} was submitted before; going on with it", ticket.job));
    else
      client_.say(fmt::format("job {} of {} is safe at {}; results go to {}", ticket.job,
                              requests_text(ticket.accepted), client_.head.address(),
                              output_ == "-" ? "standard output" : output_));
    return follow_to_end(client_, info, *out_, std::move(view), begun_);
  }

  client& client_;
  std::optional<io::input_summary> scan_;
  const config::run_settings& run_;
  std::string input_, output_;
  bool detach_;
  job_options options_;
  std::string key_;
  std::optional<outcome_output> out_; ///< Unset if nobody follows the job.
  std::optional<job_upload> upload_;
  time_point begun_;
};

} // namespace

job_options submitted_options(const config::loaded_settings& s) {
  auto o = actors::make_job_options(s.values);
  const auto given = [&](const char* key) {
    const auto it = s.origins.find(key);
    return it != s.origins.end() &&
           (it->second.starts_with("command line") || it->second.starts_with("file ") ||
            it->second.starts_with("environment"));
  };
  if (!given("run.in_flight_max")) {
    o.in_flight_max = any_width;
    if (!given("run.window_requests"))
      o.window_requests = wide_window;
    if (!given("run.window_bytes"))
      o.window_bytes = wide_window_bytes;
  }
  return o;
}

int submit_main(const cluster_command& command, const config::environment& env) {
  if (auto fit = check_words(command); !fit)
    return complain_usage(fit.error());
  const auto& settings = command.settings.values;
  const auto& input = command.positional.front();
  const auto refuse = [](const error& e) {
    std::fprintf(stderr, "penstock: %s\n", e.context.c_str());
    return static_cast<int>(exit_code_of(e));
  };
  if (auto readable = check_input(input); !readable)
    return refuse(readable.error());
  if (auto free = check_output(command.output.value_or(default_output(input)), command.settings,
                               env, {{input, "the input"}});
      !free && !command.own.contains("detach"))
    return refuse(free.error());
  std::optional<io::input_summary> scan;
  if (is_regular_file(input)) {
    auto found = scan_run_input(input, settings, false);
    if (!found)
      return refuse(found.error());
    scan = std::move(*found);
  }
  if (auto priced = check_prices(settings, scan); !priced)
    return refuse(priced.error());
  if (!settings.run.quiet) {
    const auto line =
      submit_line(command.settings, scan ? std::optional{scan->requests} : std::nullopt);
    std::fprintf(stderr, "penstock: %s\n", core::clean_text(line, 2000).c_str());
  }
  return with_head(command, [&](client& c) { return submit_session{c, std::move(scan)}.run(); });
}

} // namespace penstock::cli
