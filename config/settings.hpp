#pragma once

#include "core/base/defaults.hpp"
#include "core/lane/lane.hpp"
#include "core/base/request.hpp"
#include "core/base/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace penstock::config {

/// Limits of the lanes of an upstream. Zero means "no limit".
struct limit_settings {
  double rpm = 0;                             ///< Requests per minute.
  double rpd = 0;                             ///< Requests per day.
  double tpm = 0;                             ///< Input and output tokens per minute together.
  double itpm = 0;                            ///< Input tokens per minute.
  double otpm = 0;                            ///< Output tokens per minute.
  double headroom = core::defaults::headroom; ///< Share of each limit to use: above 0, at most 1.
  bool adaptive = true;                       ///< Headroom rises towards 1 while no 429 comes.
  duration burst{};                           ///< Content of a full bucket, in time; zero: unknown.
  /// The most that a full bucket may hold, in time, also if that is unknown.
  duration burst_most() const { return burst > duration::zero() ? burst : core::defaults::burst; }
  uint32_t in_flight = 0; ///< Largest number of requests in flight; 0: as for the job.
  std::string adaptive_in_flight =
    "auto";              ///< Whether the lane adapts its width: auto, true, false.
  std::string ramp = ""; ///< Widths of a slow start: "5 -> 10 -> 25"; empty: none.
  duration ramp_every = core::defaults::ramp_every; ///< How long each width lasts without a drop.
};

/// One lane of an upstream: the models (glob patterns) that share the same limits.
struct lane_settings {
  std::string name;                ///< Unique; "default": the lane with the limits of the upstream.
  std::vector<std::string> models; ///< Patterns with `*` and `?`; the first matching lane counts.
  limit_settings limits;
};

/// A provider deployment to talk to.
struct upstream_settings {
  std::string name = "default"; ///< "default" is `[upstream]`; others have their own name.
  std::string protocol = "openai";
  /// Without a trailing slash; or "mock" by `--upstream mock`.
  std::string base_url = "https://api.openai.com/v1";
  std::string api_key_env =
    "OPENAI_API_KEY";       ///< Name of the environment variable that holds the key.
  std::string api_key_file; ///< A file with the key on its first line; wins over the variable.
  /// Why the key of `api_key_env` must not be sent to `base_url`; empty: it may be.
  std::string key_withheld;
  bool mock = false;        ///< Use the built-in mock on a loopback port.
  std::string mock_options; ///< Options of the mock, separated by spaces.
  duration null_latency{};  ///< How long the protocol "null" takes to answer.
  std::string ca_file;      ///< PEM bundle to use instead of the system's.
  std::string paths;        ///< More paths that requests may name: patterns, separated by commas.
  limit_settings limits;    ///< Limits of the default lane.
  std::vector<lane_settings> lanes; ///< More lanes; they are matched before the default lane.
  double price_input = 0;           ///< US dollars per million input tokens; 0: unknown.
  double price_output = 0;          ///< US dollars per million output tokens; 0: unknown.
};

/// One target of a route: an upstream and a model.
struct route_target {
  std::string upstream; ///< Name of an upstream.
  std::string model;    ///< Replaces the model of the request; empty: keep it.
  double weight = 1;    ///< Share of the requests of a weighted route.
};

/// Where requests for some models are sent: to the first target that accepts them, in order or by
/// weight.
struct route_settings {
  std::vector<std::string> models; ///< Patterns; the first matching route counts.
  bool weighted = false;           ///< Begin at a target drawn by weight, not at the first.
  std::vector<route_target> to;
};

/// Prices of tokens for some models, in US dollars per million.
struct price_settings {
  std::vector<std::string> models;    ///< Patterns; the first matching row counts.
  std::string upstream;               ///< Only for this upstream; empty: for all.
  double input = 0;                   ///< Input tokens that were not in the provider's cache.
  std::optional<double> cached_input; ///< Input tokens from its cache; unset: as input.
  double output = 0;                  ///< Output tokens without reasoning.
  std::optional<double> reasoning;    ///< Reasoning tokens; unset: as output.
};

/// The exact response cache.
struct cache_settings {
  core::cache_mode mode = core::cache_mode::off;
  std::string file; ///< The database; empty: "penstock/cache.db" in the user's cache folder.
  duration ttl = core::defaults::cache_ttl; ///< How long an answer may be used.
  uint64_t bytes_max =
    core::defaults::cache_bytes; ///< Above it, answers not used for long are removed.
};

/// Second attempts on another lane, and leaving a lane that takes too long.
struct routing_settings {
  duration route_patience = core::defaults::route_patience; ///< Skip a lane that pauses for longer.
  double hedge_budget = 0; ///< Share of attempts that may be second attempts; 0: none.
};

/// Packs: several requests in one prompt.
struct pack_settings {
  /// Whether mode auto may pack if requests per minute are the limit: "ask" only proposes it,
  /// "allow" does it, "off" never packs. Mode batch packs in any case.
  std::string automatic = "ask";
  uint32_t entries_max = core::defaults::pack_entries; ///< Requests in one pack.
  uint32_t tokens_max =
    core::defaults::pack_tokens; ///< Estimated input and output tokens of one pack.
  double canary = 0;             ///< Share of packed requests that are also sent alone.
};

/// How the processes of a cluster find and trust each other.
struct cluster_settings {
  std::string listen = "127.0.0.1:7117"; ///< Where a head listens: "HOST:PORT".
  std::string head = "127.0.0.1:7117";   ///< Where nodes and clients find the head.
  std::string tls_cert, tls_key, tls_ca; ///< PEM files; all or none. None: loopback only.
  std::string node_name;                 ///< Of this process; empty: host name and process id.
  uint32_t slots =
    core::defaults::slots; ///< Requests that this process runs at once; 0: none (a head only).
  duration heartbeat = core::defaults::heartbeat; ///< Time between heartbeats of a node.
  /// After so long without a message the other side counts as lost.
  duration lost_after = core::defaults::lost_after;
};

/// Settings of a head.
struct serve_settings {
  std::string store = "penstock.db"; ///< File of jobs, requests and outcomes.
  /// How long an ended job is kept; zero: for ever.
  duration retention = core::defaults::retention;
  std::string http;                ///< "HOST:PORT" of the HTTP service; empty: none.
  std::string http_cert, http_key; ///< PEM files; both or none. None: no TLS.
  uint32_t http_threads = 2;
  /// How long a live request may wait for a slot and its limits.
  duration live_patience = core::defaults::live_patience;
  /// Slots for live requests, as a share of the slots of each node, in addition to them.
  double live_slots = core::defaults::live_slots;
};

/// How a job runs.
struct run_settings {
  core::mode mode = core::mode::automatic;
  /// Owner of the job. Tenants take turns and never share cached answers.
  std::string tenant = "default";
  core::priority priority = core::priority::normal;
  std::string model; ///< Replaces the model of each line; empty: keep it.
  uint32_t in_flight_max = core::defaults::in_flight; ///< Requests in flight at once.
  uint32_t attempts =
    core::defaults::attempts; ///< HTTP attempts per request; two more after a change of mode.
  duration timeout = core::defaults::timeout;           ///< Time of one attempt.
  duration idle_timeout = core::defaults::idle_timeout; ///< Time between two bytes of an answer.
  duration connect_timeout = core::defaults::connect_timeout;
  duration deadline{}; ///< Time of the whole job; zero: no limit.
  double budget = 0;   ///< US dollars that the whole job may cost; 0: no limit.
  duration grace_period =
    core::defaults::grace_period; ///< How long a drain waits for requests in flight.
  bool strict = false;            ///< A bad line stops the run before the first request.
  bool restart = false;           ///< Removes an earlier output and journal.
  bool dry_run = false;           ///< Prints a plan and sends no request.
  bool quiet = false;             ///< No progress.
  bool json = false;              ///< Machine-readable summary on stdout.
  uint64_t seed = 0;              ///< For jitter and the mock; 0: random.
  uint64_t body_max = core::defaults::answer_bytes; ///< Largest answer in bytes.
  uint64_t line_max = core::defaults::line_bytes;   ///< Longest input line in bytes.
  uint32_t window_requests =
    core::defaults::window_requests; ///< Requests that are read and not yet written.
  uint64_t window_bytes = core::defaults::window_bytes; ///< Bytes of their bodies.
  uint32_t breaker_trips_after = core::defaults::breaker_trips_after;
  duration breaker_open_for = core::defaults::breaker_open_for;
};

/// All settings of the program.
struct settings {
  upstream_settings upstream;               ///< The default upstream.
  std::vector<upstream_settings> upstreams; ///< More upstreams, for routes.
  std::vector<route_settings> routes;
  std::vector<price_settings> prices;
  cache_settings cache;
  routing_settings routing;
  pack_settings pack;
  run_settings run;
  cluster_settings cluster;
  serve_settings serve;
};

/// Where a value came from; a later origin wins.
enum class origin : uint8_t { built_in, file, environment, command_line };

/// The settings with the origin of each key ("run.attempts" -> "file penstock.toml:12").
struct loaded_settings {
  settings values;
  std::map<std::string, std::string> origins;
  std::string file;   ///< The configuration file that was read; empty if there was none.
  bool found = false; ///< Nobody named the file: it lay in the working directory.
};

} // namespace penstock::config
