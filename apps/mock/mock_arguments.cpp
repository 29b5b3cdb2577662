#include "apps/mock/mock_arguments.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iterator>

namespace penstock::mock {

void add_options(CLI::App& app, mock_arguments& a) {
  auto& o = a.options;
  auto& l = o.limits;
  app.option_defaults()->group("Server");
  app.add_option("--host", o.host, "Address to listen on")->capture_default_str();
  app.add_option("--port", o.port, "Port to listen on; 0: any free one")->capture_default_str();
  app.option_defaults()->group("Limits");
  app
    .add_option("--limits", a.limits,
                "Whose rules limit: none, openai, anthropic, gemini, ollama, or native: those of "
                "the protocol that a request speaks")
    ->check(CLI::IsMember({"none", "openai", "anthropic", "gemini", "ollama", "native"}))
    ->capture_default_str();
  const auto number = CLI::NonNegativeNumber;
  app.add_option("--rpm", l.rpm, "Requests per minute; 0: no limit")->check(number);
  app.add_option("--rpd", l.rpd, "Requests per day")->check(number);
  app.add_option("--tpm", l.tpm, "Tokens per minute (openai; gemini: input tokens)")->check(number);
  app.add_option("--itpm", l.itpm, "Input tokens per minute (anthropic, gemini)")->check(number);
  app.add_option("--otpm", l.otpm, "Output tokens per minute (anthropic)")->check(number);
  app.add_option("--burst", l.burst, "Capacity of a bucket as a share of its limit")
    ->check(CLI::PositiveNumber)
    ->capture_default_str();
  app.add_option("--bucket,--limit-window", a.limit_window,
                 "A bucket holds what this span brings, for example 1s");
  app.add_option("--start-level", l.start_level, "Share of a bucket that is there at first")
    ->check(CLI::Range(0.0, 1.0))
    ->capture_default_str();
  app.add_flag("--sum-tokens", l.sum_tokens,
               "Charge input + max_tokens instead of the larger of them");
  app.add_flag("--refund", l.refund, "Give back what was reserved and not produced");
  app.add_flag("--free-rejections", a.keep_rejected, "A rejected request costs nothing");
  app.add_flag("!--global-limits", l.per_key,
               "One set of buckets instead of one per key and model");
  app
    .add_option(
      "--headers", a.headers,
      "Rate headers: full, partial, none, stale, lying (drawn), or empty: nothing remains, and "
      "the reset is in an hour")
    ->check(CLI::IsMember({"full", "partial", "none", "stale", "lying", "empty"}))
    ->capture_default_str();
  app.add_flag("--no-retry-after", a.no_retry_after, "429s say no time");
  app.add_flag("--retry-after-ms", o.retry_after_ms, "429s carry retry-after-ms too");
  app.option_defaults()->group("Time and load");
  app
    .add_option("--latency", a.latency,
                "0, 50ms, lognormal:p50=645ms,sigma=0.32, "
                "ttft:p50=645ms,sigma=0.32,tps=105, or a profile such as gpt-4o-mini")
    ->capture_default_str();
  app.add_option("--time-scale", o.time_scale, "Real seconds per second of the provider")
    ->check(CLI::PositiveNumber)
    ->capture_default_str();
  app
    .add_option("--latency-for", a.latencies,
                "MODEL=LATENCY: a time of its own for a model, or for all that begin with NAME*; "
                "repeatable")
    ->allow_extra_args(false);
  app.add_option("--slow-above,--capacity", o.capacity,
                 "Load coupling: everything takes 1 + (in flight / N)^4 as long; 0: never");
  app.add_option("--servers", o.servers.count,
                 "Requests worked on at a time, the others wait in line; 0: all");
  app.add_option("--queue", o.servers.queue,
                 "Places in the line of --servers; beyond it requests get 503 or 529; 0: no end");
  app
    .add_option("--thrash", o.servers.thrash,
                "With --servers: each waiting request per server adds this share of the service "
                "time to all")
    ->check(number);
  app.add_option("--refuse-above,--overload", o.overload,
                 "In flight beyond which requests get 503 or 529; 0: never");
  app.option_defaults()->group("Answers");
  app
    .add_option("--output-tokens", a.output,
                "Length of answers: echo, 150, lognormal:150,sigma=0.8")
    ->capture_default_str();
  app.add_option("--token-error", o.tokens.range, "Token counts are off by up to this share")
    ->check(CLI::Range(0.0, 0.95));
  app
    .add_option("--token-error-kind", a.token_error_kind,
                "Drawn per request, or constant per model")
    ->check(CLI::IsMember({"request", "constant"}))
    ->capture_default_str();
  app.add_option("--seed", o.seed, "Of everything drawn")->capture_default_str();
  app
    .add_option("--cached-share", o.detail.cached_share,
                "Share of the input tokens that counts as cached")
    ->check(CLI::Range(0.0, 1.0));
  app.add_option("--reasoning-tokens", o.detail.reasoning_tokens,
                 "Tokens of thinking beside each answer");
  app.option_defaults()->group("Keys and models");
  app
    .add_option("--key", o.keys,
                "The only API keys that work, each where its protocol has it (Authorization, "
                "x-api-key, x-goog-api-key)")
    ->delimiter(',')
    ->envname("PENSTOCK_MOCK_KEY");
  app.add_option("--models", o.models, "The only models that exist")->delimiter(',');
  app.option_defaults()->group("Faults");
  app
    .add_option("--fault", a.faults,
                "A fault, such as reset_before:p=0.01 or 429_ra:2,nth=5; repeatable")
    ->allow_extra_args(false);
  app.add_option("--faults", a.fault_script, "JSON file with faults")->check(CLI::ExistingFile);
  app.option_defaults()->group("Server");
  app.add_option("--connections", o.connections_max, "Connections at once")->capture_default_str();
  app.add_flag("--no-ids", a.no_ids, "Do not count by client request id (saves 16 bytes an id)");
  app.add_option("--stats-on-exit", a.stats_on_exit, "File for the statistics as JSON");
}

result<void> understand(mock_arguments& a) {
  auto& o = a.options;
  o.limits.style = *limit_style_from(a.limits);
  if (o.limits.style == limit_style::ollama && o.servers.count == 0)
    o.servers = {1, 512, o.servers.thrash}; // As the server does by default.
  o.limits.charge_rejected = !a.keep_rejected;
  o.headers = *header_mode_from(a.headers);
  o.retry_after = !a.no_retry_after;
  o.track_ids = !a.no_ids;
  o.tokens.constant = a.token_error_kind == "constant";
  const auto latency = parse_latency(a.latency);
  if (!latency)
    return latency.error();
  o.latency = *latency;
  for (const auto& text : a.latencies) {
    const size_t eq = text.find('=');
    const auto own = parse_latency(eq == text.npos ? "" : text.substr(eq + 1));
    if (eq == 0 || eq == text.npos || !own)
      return error{errc::invalid_config,
                   "--latency-for: MODEL=LATENCY such as big-model=28s is expected, not '" + text +
                     (eq == text.npos || own ? "'" : "': " + own.error().context)};
    o.latencies.emplace_back(text.substr(0, eq), *own);
  }
  if (o.servers.count == 0 && (o.servers.queue > 0 || o.servers.thrash > 0))
    return error{errc::invalid_config, "--queue and --thrash need --servers"};
  const auto output = parse_output(a.output);
  if (!output)
    return output.error();
  o.output = *output;
  if (!a.limit_window.empty()) {
    const auto window = parse_latency("fixed:" + a.limit_window);
    if (!window || window->p50 <= duration::zero())
      return error{errc::invalid_config, "--limit-window: not a time span: " + a.limit_window};
    o.limits.window = window->p50;
  }
  if (!a.fault_script.empty()) {
    std::ifstream file{a.fault_script};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    auto rules = parse_fault_script(text);
    if (!rules)
      return error{rules.error().code, a.fault_script + ": " + rules.error().context};
    o.faults = std::move(*rules);
  }
  for (const auto& spec : a.faults) {
    auto rule = parse_fault(spec);
    if (!rule)
      return rule.error();
    o.faults.push_back(std::move(*rule));
  }
  return {};
}

result<mock_options> parse_mock_options(const std::vector<std::string>& args) {
  CLI::App app{"", "penstock mock"};
  mock_arguments a;
  try {
    add_options(app, a);
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>{args.rbegin(), args.rend()});
  } catch (const CLI::ParseError& e) {
    return error{errc::invalid_config, std::string{"mock options: "} + e.what()};
  }
  if (auto r = understand(a); !r)
    return r.error();
  return std::move(a.options);
}

} // namespace penstock::mock
