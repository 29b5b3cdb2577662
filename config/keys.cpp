#include "config/key_makers.hpp"
#include "config/ramp.hpp"
#include "core/protocol/protocol_info.hpp"

#include <algorithm>
#include <array>

namespace penstock::config {

namespace {

constexpr std::array<std::string_view, 3> priorities{"interactive", "normal", "bulk"};
constexpr std::array<std::string_view, 4> modes{"auto", "parallel", "batch", "sequential"};
constexpr std::array<std::string_view, 3> auto_or_not{"auto", "true", "false"};
constexpr std::array<std::string_view, 3> pack_words{"ask", "allow", "off"};
constexpr std::array<std::string_view, 4> cache_modes{"off", "read", "write", "on"};

/// The names of all protocols, with "mock" before "null".
std::span<const std::string_view> upstream_names() {
  static const auto names = [] {
    std::vector<std::string_view> out;
    for (auto& row : core::all_protocols())
      out.push_back(row.name);
    out.insert(out.end() - 1, "mock");
    return out;
  }();
  return names;
}

const std::string& api_key_env_help() {
  static const auto text = [] {
    std::string variables;
    for (auto& row : core::all_protocols())
      if (!row.base_url.empty())
        variables.append(variables.empty() ? "" : ", ")
          .append(row.api_key_env.empty() ? "none" : row.api_key_env)
          .append(" for ")
          .append(row.name);
    return "Environment variable that holds the API key; empty sends no key. Unset: the variable "
           "of the protocol (" +
           variables + ").";
  }();
  return text;
}

// The accessors of settings differ only in the member.
#define PENSTOCK_AT(member) [](settings& s) -> field { return &s.member; }
#define PENSTOCK_LIMIT_AT(member)                                                                  \
  [](settings& s) -> field { return &s.upstream.limits.member; },                                  \
    [](limit_settings& l) -> field { return &l.member; }

/// A setting that most people need.
key_row everyday(key_row row) {
  row.everyday = true;
  return row;
}

/// A setting that had another name and flag in an earlier release.
key_row renamed(key_row row, std::string_view old_name, std::string_view old_flag) {
  row.old_name = old_name;
  row.old_flag = old_flag;
  return row;
}

/// The variable that belongs to a flag: "in-flight-max" gives "PENSTOCK_IN_FLIGHT_MAX".
std::string variable_of(std::string_view flag) {
  std::string out = "PENSTOCK_";
  for (char c : flag)
    out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

key_row adaptive_width_row() {
  auto row = choice_row(
    help_group::limits, in_engine, "upstream.limits.adaptive_in_flight", "adaptive-in-flight",
    auto_or_not, [](settings& s) -> field { return &s.upstream.limits.adaptive_in_flight; },
    "Find out how many requests in flight the provider can take. auto does so where no "
    "limit is known and no width is set.");
  row.at_lane = [](limit_settings& l) -> field { return &l.adaptive_in_flight; };
  row.inherited = true;
  return row;
}

key_row pack_row() {
  auto row = renamed(
    choice_row(
      help_group::packs, in_engine | in_job, "run.pack", "pack", pack_words,
      PENSTOCK_AT(pack.automatic),
      "Whether mode auto may send several requests as one prompt if the limit of requests per "
      "minute makes the job slow. ask only proposes it; off also keeps a failing mode from "
      "it; mode batch always packs."),
    "pack.automatic", "");
  row.old_true = "allow";
  row.old_false = "off";
  return row;
}

key_row ramp_row() {
  auto row = text_row(
    help_group::limits, in_engine, "upstream.limits.ramp", "ramp", "STEPS",
    [](settings& s) -> field { return &s.upstream.limits.ramp; },
    [](std::string_view text) { return parse_ramp(text).has_value(); },
    "widths from 1 to 100000 such as \"5 -> 10 -> 25 -> 50\" or \"5,10,25,50\"",
    "Slow start: requests in flight at each step. A refused request goes one step back.");
  row.at_lane = [](limit_settings& l) -> field { return &l.ramp; };
  row.inherited = true;
  return row;
}

std::vector<key_row> make_keys() {
  using enum value_kind;
  std::vector<key_row> rows{
    everyday(choice_row(
      help_group::provider, in_engine, "upstream.protocol", "upstream", upstream_names(),
      PENSTOCK_AT(upstream),
      "The protocol of the provider. mock starts the built-in mock provider; null answers in "
      "this process without HTTP, to measure the engine.")),
    everyday(text_row(
      help_group::provider, in_engine, "upstream.base_url", "base-url", "URL",
      PENSTOCK_AT(upstream.base_url), is_base_url,
      "an http or https URL such as \"https://api.openai.com/v1\", without credentials, query "
      "or fragment",
      "Address of the provider, or of any server that speaks its protocol. Unset: the address "
      "of the protocol's own provider.")),
    everyday(text_row(help_group::provider, in_engine, "upstream.api_key_env", "api-key-env",
                      "NAME", PENSTOCK_AT(upstream.api_key_env), is_variable_name,
                      "the name of an environment variable (not the key itself)",
                      api_key_env_help())),
    text_row(help_group::provider, in_engine, "upstream.api_key_file", "api-key-file", "FILE",
             PENSTOCK_AT(upstream.api_key_file), is_printable, "a file name",
             "File with the API key on its first line; wins over the variable."),
    text_row(help_group::provider, in_engine, "upstream.mock_options", "mock-options", "OPTIONS",
             PENSTOCK_AT(upstream.mock_options), is_printable,
             "options of penstock mock, such as \"--latency 1s --rpm 600\"",
             "Options for the built-in mock (see penstock mock --help)."),
    plain_row(help_group::provider, in_engine, "upstream.null_latency", "null-latency", span,
              "TIME", PENSTOCK_AT(upstream.null_latency), {.min = 0, .max = day},
              "How long the protocol null takes to answer."),
    text_row(help_group::provider, in_engine, "upstream.ca_file", "ca-file", "FILE",
             PENSTOCK_AT(upstream.ca_file), is_printable, "a file name",
             "PEM bundle of trusted certificates instead of the system's."),
    text_row(help_group::provider, in_engine, "upstream.paths", "paths", "PATTERNS",
             PENSTOCK_AT(upstream.paths), is_path_list,
             "paths with * and ?, separated by commas, such as \"/v1/audio/*, /v2/rank\"",
             "Paths that requests may name in url, in addition to those that answer a question at "
             "the known providers. An input of others then cannot reach files or administration "
             "with your key."),
    plain_row(help_group::printed, in_engine | in_job, "upstream.price_input", "price-input",
              number, "USD", PENSTOCK_AT(upstream.price_input), price_range,
              "Dollars per million input tokens, for cost estimates; 0 is unknown."),
    plain_row(help_group::printed, in_engine | in_job, "upstream.price_output", "price-output",
              number, "USD", PENSTOCK_AT(upstream.price_output), price_range,
              "Dollars per million output tokens, for cost estimates; 0 is unknown."),

    everyday(limit_row(help_group::limits, in_engine, "upstream.limits.rpm", "rpm", number, "N",
                       PENSTOCK_LIMIT_AT(rpm), rate_range, false,
                       "Requests per minute that the provider allows.")),
    limit_row(help_group::limits, in_engine, "upstream.limits.rpd", "rpd", number, "N",
              PENSTOCK_LIMIT_AT(rpd), rate_range, false,
              "Requests per day that the provider allows."),
    everyday(limit_row(help_group::limits, in_engine, "upstream.limits.tpm", "tpm", number, "N",
                       PENSTOCK_LIMIT_AT(tpm), rate_range, false,
                       "Tokens per minute, input and output together.")),
    limit_row(help_group::limits, in_engine, "upstream.limits.itpm", "itpm", number, "N",
              PENSTOCK_LIMIT_AT(itpm), rate_range, false, "Input tokens per minute."),
    limit_row(help_group::limits, in_engine, "upstream.limits.otpm", "otpm", number, "N",
              PENSTOCK_LIMIT_AT(otpm), rate_range, false, "Output tokens per minute."),
    limit_row(help_group::limits, in_engine, "upstream.limits.headroom", "headroom", number, "X",
              PENSTOCK_LIMIT_AT(headroom), {.min = 0, .max = 1, .above_min = true}, true,
              "Share of each limit to use at first; the rest is for others on the same account."),
    limit_row(help_group::limits, in_engine, "upstream.limits.adaptive", "adaptive", boolean, "",
              PENSTOCK_LIMIT_AT(adaptive), {}, true,
              "Raise the headroom towards 1 while no 429 comes, and lower it after a 429."),
    limit_row(
      help_group::limits, in_engine, "upstream.limits.burst", "burst", span, "TIME",
      PENSTOCK_LIMIT_AT(burst),
      {.min = 1e-3, .max = day, .zero_means = "begin with few requests and find it out"}, true,
      "How much of a limit may be used at once: 60s is the limit of a whole minute; 1s suits "
      "providers that count per second."),
    limit_row(help_group::limits, in_engine, "upstream.limits.in_flight", "lane-in-flight", integer,
              "N", PENSTOCK_LIMIT_AT(in_flight),
              {.min = 1, .max = 100'000, .zero_means = "as run.in_flight_max"}, false,
              "Requests in flight at once in this lane."),
    adaptive_width_row(),
    ramp_row(),
    limit_row(help_group::limits, in_engine, "upstream.limits.ramp_every", "ramp-every", span,
              "TIME", PENSTOCK_LIMIT_AT(ramp_every), {.min = 1e-3, .max = day}, true,
              "How long each step of the ramp lasts, if no request is refused."),

    plain_row(
      help_group::failures, in_engine, "routing.route_patience", "route-patience", span, "TIME",
      PENSTOCK_AT(routing.route_patience), {.min = 0, .max = day},
      "A request goes to the next lane of its route if a lane pauses for longer than this."),
    plain_row(
      help_group::failures, in_engine, "routing.hedge_budget", "hedge-budget", number, "X",
      PENSTOCK_AT(routing.hedge_budget), {.min = 0, .max = 1},
      "Share of attempts that may be second attempts: a slow request is also sent on another lane "
      "of its route, and the first answer is used. 0 is off."),

    everyday(choice_row(
      help_group::cache, in_engine | in_job, "cache.mode", "cache", cache_modes,
      PENSTOCK_AT(cache.mode),
      "Response cache: read uses stored answers, write stores new ones, on does both, off "
      "neither. Unless off, equal requests in flight share one answer.")),
    text_row(help_group::cache, in_engine, "cache.file", "cache-file", "FILE",
             PENSTOCK_AT(cache.file), is_printable, "a file name",
             "File of the cache; empty: penstock/cache.db in XDG_CACHE_HOME or ~/.cache."),
    plain_row(help_group::cache, in_engine, "cache.ttl", "cache-ttl", span, "TIME",
              PENSTOCK_AT(cache.ttl), {.min = 1, .max = 3650 * day},
              "How long a stored answer may be used."),
    plain_row(help_group::cache, in_engine, "cache.bytes_max", "cache-size", bytes, "SIZE",
              PENSTOCK_AT(cache.bytes_max), {.min = kib, .max = 1024 * gib},
              "Largest size of the cache. Above it, the answers not used for the longest time are "
              "removed."),

    pack_row(),
    plain_row(help_group::packs, in_engine | in_job, "pack.entries_max", "pack-entries", integer,
              "N", PENSTOCK_AT(pack.entries_max), {.min = 1, .max = 100},
              "Largest number of requests in one prompt; 1 never packs, in any mode."),
    plain_row(help_group::packs, in_engine | in_job, "pack.tokens_max", "pack-tokens", integer, "N",
              PENSTOCK_AT(pack.tokens_max), {.min = 100, .max = 10'000'000},
              "Largest number of estimated input and output tokens of one pack."),
    plain_row(help_group::packs, in_engine | in_job, "pack.canary", "pack-canary", number, "X",
              PENSTOCK_AT(pack.canary), {.min = 0, .max = 1},
              "Share of packed requests that are also sent alone, to compare the answers."),

    everyday(choice_row(
      help_group::job, in_engine | in_job, "run.mode", "mode", modes, PENSTOCK_AT(run.mode),
      "How requests run. auto chooses by their number and changes the mode if it fails.")),
    text_row(help_group::job, in_engine | in_job, "run.tenant", "tenant", "NAME",
             PENSTOCK_AT(run.tenant), is_tenant, "a name of at most 200 printable characters",
             "Owner of the job. Tenants take turns and never share cached answers."),
    choice_row(
      help_group::job, in_engine | in_job, "run.priority", "priority", priorities,
      PENSTOCK_AT(run.priority),
      "Priority of the job: interactive is served first, bulk last; every job gets a share."),
    everyday(text_row(help_group::provider, in_engine | in_job, "run.model", "model", "NAME",
                      PENSTOCK_AT(run.model), is_printable,
                      "a model's name without control characters",
                      "Send this model instead of the one in each line.")),
    renamed(everyday(plain_row(help_group::limits, in_engine | in_job, "run.in_flight_max",
                               "in-flight-max", integer, "N", PENSTOCK_AT(run.in_flight_max),
                               {.min = 1, .max = 100'000}, "Requests in flight at once.")),
            "run.max_in_flight", "max-in-flight"),
    everyday(plain_row(
      help_group::failures, in_engine | in_job, "run.attempts", "attempts", integer, "N",
      PENSTOCK_AT(run.attempts), {.min = 1, .max = 100},
      "HTTP attempts per request. Temporary 429s are not counted. After a change of mode a "
      "request gets two more attempts.")),
    plain_row(help_group::failures, in_engine, "run.timeout", "timeout", span, "TIME",
              PENSTOCK_AT(run.timeout), {.min = 1e-3, .max = 7 * day},
              "Longest time of one attempt."),
    plain_row(help_group::failures, in_engine, "run.idle_timeout", "idle-timeout", span, "TIME",
              PENSTOCK_AT(run.idle_timeout), {.min = 1e-3, .max = 7 * day},
              "Longest time between two bytes of an answer."),
    plain_row(help_group::failures, in_engine, "run.connect_timeout", "connect-timeout", span,
              "TIME", PENSTOCK_AT(run.connect_timeout), {.min = 1e-3, .max = 3600},
              "Longest time to connect, with TLS."),
    everyday(plain_row(help_group::job, in_engine | in_job, "run.deadline", "deadline", span,
                       "TIME", PENSTOCK_AT(run.deadline),
                       {.min = 1e-3, .max = 365 * day, .zero_means = "none"},
                       "Longest time of the whole job.")),
    everyday(
      plain_row(help_group::printed, in_engine | in_job, "run.budget", "budget", number, "USD",
                PENSTOCK_AT(run.budget), {.min = 1e-6, .max = 1e9, .zero_means = "no limit"},
                "Dollars that the whole job may cost. The job stops before it costs more; a higher "
                "budget resumes it.")),
    plain_row(help_group::job, in_engine | in_job, "run.grace_period", "grace-period", span, "TIME",
              PENSTOCK_AT(run.grace_period), {.min = 0, .max = day},
              "How long a stop waits for requests in flight."),
    plain_row(help_group::job, in_engine | in_job, "run.strict", "strict", boolean, "",
              PENSTOCK_AT(run.strict), {},
              "Stop before the first request if an input line is bad."),
    everyday(
      plain_row(help_group::job, in_engine | in_job | in_results, "run.restart", "restart", boolean,
                "", PENSTOCK_AT(run.restart), {},
                "Delete an earlier output and its journal, and pay for all requests again.")),
    everyday(plain_row(help_group::job, in_engine, "run.dry_run", "dry-run", boolean, "",
                       PENSTOCK_AT(run.dry_run), {},
                       "Print size, time and cost of the job; send no request.")),
    plain_row(help_group::printed, in_engine | in_client, "run.quiet", "quiet", boolean, "",
              PENSTOCK_AT(run.quiet), {}, "Show no progress."),
    everyday(plain_row(help_group::printed, in_engine | in_client, "run.json", "json", boolean, "",
                       PENSTOCK_AT(run.json), {}, "Print the summary as JSON on standard output.")),
    // 2^53: JSON readers of all languages read integers up to here exactly.
    plain_row(help_group::job, in_engine | in_job, "run.seed", "seed", integer, "N",
              PENSTOCK_AT(run.seed), {.min = 0, .max = 9'007'199'254'740'992.0},
              "Seed for jitter and the mock, to repeat a run; 0: a random one."),
    plain_row(help_group::memory, in_engine, "run.body_max", "body-max", bytes, "SIZE",
              PENSTOCK_AT(run.body_max), {.min = kib, .max = 4 * gib},
              "Size of the largest answer that is accepted."),
    // A permit counts the bytes of a body in 32 bits.
    plain_row(help_group::memory, in_engine | in_job, "run.line_max", "line-max", bytes, "SIZE",
              PENSTOCK_AT(run.line_max), {.min = kib, .max = 2 * gib},
              "Size of the longest input line that is accepted."),
    plain_row(help_group::memory, in_engine | in_job, "run.window_requests", "window", integer, "N",
              PENSTOCK_AT(run.window_requests), {.min = 1, .max = 1'000'000},
              "Requests that are read and whose results are not written yet; also limits requests "
              "in flight. "
              "Unset: at least four times run.in_flight_max."),
    plain_row(help_group::memory, in_engine | in_job, "run.window_bytes", "window-bytes", bytes,
              "SIZE", PENSTOCK_AT(run.window_bytes), {.min = kib, .max = 64 * gib},
              "Bytes of request and answer bodies that may wait to be written in order."),
    plain_row(help_group::failures, in_engine, "run.breaker_trips_after", "breaker-trips-after",
              integer, "N", PENSTOCK_AT(run.breaker_trips_after), {.min = 1, .max = 1'000'000},
              "Failures in a row after which the circuit breaker of a lane opens."),
    plain_row(help_group::failures, in_engine | in_job, "run.breaker_open_for", "breaker-open-for",
              span, "TIME", PENSTOCK_AT(run.breaker_open_for), {.min = 1e-3, .max = day},
              "Longest time between two requests that test a provider which is down. The first "
              "test comes after half a second, and in an outage they become rarer."),

    text_row(
      help_group::head, in_head, "cluster.listen", "listen", "HOST:PORT",
      PENSTOCK_AT(cluster.listen), is_endpoint,
      "an address such as \"127.0.0.1:7117\" or \"[::1]:7117\"",
      "Address on which a head listens; port 0 is a free port. Other addresses than loopback "
      "need certificates."),

    text_row(help_group::node, in_node | in_client, "cluster.head", "head", "HOST:PORT",
             PENSTOCK_AT(cluster.head), is_endpoint,
             "an address such as \"127.0.0.1:7117\" or \"[::1]:7117\"",
             "Address of the head, for nodes and clients. Other addresses than loopback need "
             "certificates."),
    text_row(help_group::trust, in_head | in_node | in_client, "cluster.tls_cert", "tls-cert",
             "FILE", PENSTOCK_AT(cluster.tls_cert), is_printable, "a file name",
             "PEM certificate of this process. Head, nodes and clients each need one."),
    text_row(help_group::trust, in_head | in_node | in_client, "cluster.tls_key", "tls-key", "FILE",
             PENSTOCK_AT(cluster.tls_key), is_printable, "a file name",
             "PEM key of that certificate."),
    text_row(help_group::trust, in_head | in_node | in_client, "cluster.tls_ca", "tls-ca", "FILE",
             PENSTOCK_AT(cluster.tls_ca), is_printable, "a file name",
             "PEM certificate of the authority that signed the certificates of both sides."),

    text_row(help_group::node, in_head | in_node | in_client, "cluster.node_name", "node-name",
             "NAME", PENSTOCK_AT(cluster.node_name), is_printable,
             "a name without control characters",
             "Name of this process in lists; empty: host name and process id."),
    plain_row(help_group::node, in_head | in_node, "cluster.slots", "slots", integer, "N",
              PENSTOCK_AT(cluster.slots),
              {.min = 1, .max = 100'000, .zero_means = "none, on a head"},
              "Requests that this process runs at once."),
    plain_row(help_group::signs, in_head | in_node, "cluster.heartbeat", "heartbeat", span, "TIME",
              PENSTOCK_AT(cluster.heartbeat), {.min = 0.01, .max = 60},
              "Time between two heartbeats of a node."),
    plain_row(help_group::signs, in_head | in_node, "cluster.lost_after", "lost-after", span,
              "TIME", PENSTOCK_AT(cluster.lost_after), {.min = 0.1, .max = 600},
              "Head and node treat each other as lost after this long without a message; at least "
              "three heartbeats."),
  };
  add_serve_keys(rows);
  for (auto& row : rows)
    // Users may paste the key itself in place of its name.
    row.echoed = row.name != "upstream.api_key_env";
  return rows;
}

#undef PENSTOCK_AT
#undef PENSTOCK_LIMIT_AT

} // namespace

std::span<const key_row> keys() {
  static const std::vector<key_row> rows = make_keys();
  return rows;
}

const key_row* find_key(std::string_view name) {
  const auto rows = keys();
  const auto found = std::ranges::find_if(rows, [&](const key_row& row) {
    return row.name == name || (!row.old_name.empty() && row.old_name == name);
  });
  return found == rows.end() ? nullptr : &*found;
}

std::string key_row::env_name() const { return variable_of(flag); }

std::string key_row::old_env_name() const {
  return old_flag.empty() ? std::string{} : variable_of(old_flag);
}

std::string_view key_row::short_name() const { return name.substr(name.rfind('.') + 1); }

} // namespace penstock::config
