#pragma once

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
  double rpm = 0;                            ///< Requests per minute.
  double rpd = 0;                            ///< Requests per day.
  double tpm = 0;                            ///< Input and output tokens per minute together.
  double itpm = 0;                           ///< Input tokens per minute.
  double otpm = 0;                           ///< Output tokens per minute.
  double headroom = 0.8;                     ///< Share of each limit to use, (0, 1].
  bool adaptive = true;                      ///< Lets headroom rise towards 1 while no 429 is seen.
  duration burst = std::chrono::seconds{60}; ///< Capacity of the buckets in time.
  uint32_t in_flight = 0; ///< Most requests in flight; 0: as many as the job has.
  std::string adaptive_in_flight =
    "auto";              ///< Whether the lane looks for its width: auto, true, false.
  std::string ramp = ""; ///< Widths of a careful start: "5 -> 10 -> 25"; empty: none.
  duration ramp_every = std::chrono::seconds{30}; ///< How long each of them lasts without a drop.
};

/// One lane of an upstream: the models (glob patterns) that share the same limits.
struct lane_settings {
  std::string name;                ///< Unique; "default" for the one made of the top-level limits.
  std::vector<std::string> models; ///< Globs with `*` and `?`; the first lane that matches wins.
  limit_settings limits;
};

/// A provider deployment to talk to.
struct upstream_settings {
  std::string name = "default"; ///< Of `[upstream]`; those of `[[upstreams]]` name themselves.
  std::string protocol = "openai";
  std::string base_url =
    "https://api.openai.com/v1"; ///< Without a trailing slash; or "mock" by `--upstream mock`.
  std::string api_key_env =
    "OPENAI_API_KEY";               ///< Name of the environment variable that holds the key.
  std::string api_key_file;         ///< Or a file with the key on its first line.
  bool mock = false;                ///< Runs against the built-in mock on a loopback port.
  std::string mock_options;         ///< Options of `penstock mock` for it, separated by spaces.
  duration null_latency{};          ///< How long the protocol "null" takes to answer.
  std::string ca_file;              ///< PEM bundle instead of the system's.
  limit_settings limits;            ///< Limits of the default lane.
  std::vector<lane_settings> lanes; ///< More lanes, matched before the default one.
  double price_input = 0;           ///< Dollars per million input tokens; 0: unknown.
  double price_output = 0;          ///< Dollars per million output tokens; 0: unknown.
};

/// One way to serve a route: an upstream, and the model to ask it for.
struct route_target {
  std::string upstream; ///< Name of an upstream.
  std::string model;    ///< Replaces the request's model; empty: as asked.
  double weight = 1;    ///< Share of the requests, where the route is weighted.
};

/// Where the requests for some models go: the first target that takes them, in order or by weight.
struct route_settings {
  std::vector<std::string> models; ///< Globs; the first route that matches wins.
  bool weighted = false;           ///< Begins at a target drawn by weight instead of the first.
  std::vector<route_target> to;
};

/// What the tokens of some models cost, in dollars per million.
struct price_settings {
  std::vector<std::string> models;    ///< Globs; the first row that matches wins.
  std::string upstream;               ///< Holds for this upstream alone; empty: for all.
  double input = 0;                   ///< Input tokens that no cache served.
  std::optional<double> cached_input; ///< Those that the provider's cache served; unset: as input.
  double output = 0;                  ///< Output tokens without reasoning.
  std::optional<double> reasoning;    ///< Reasoning tokens; unset: as output.
};

/// The exact response cache.
struct cache_settings {
  core::cache_mode mode = core::cache_mode::off;
  std::string file; ///< Of the database; empty: "penstock/cache.db" in the user's cache folder.
  duration ttl = std::chrono::hours{24 * 30}; ///< How long an answer stays good.
  uint64_t bytes_max = 1u << 30;              ///< The oldest answers go when it grows beyond.
};

/// Second attempts on another lane, and leaving a lane that takes too long.
struct routing_settings {
  duration route_patience = std::chrono::seconds{5}; ///< A lane paused for longer is passed over.
  double hedge_budget = 0; ///< Share of attempts that may be second ones; 0: none.
};

/// Packs: several requests in one prompt.
struct pack_settings {
  bool automatic = true;        ///< Lets `auto` pack where requests per minute bind.
  uint32_t entries_max = 10;    ///< Requests of one pack.
  uint32_t tokens_max = 16'000; ///< Estimated input and output tokens of one pack.
  double canary = 0;            ///< Share of packed requests also sent alone, to compare.
};

/// How the processes of a cluster find and trust each other.
struct cluster_settings {
  std::string listen = "127.0.0.1:7117"; ///< Where a head takes connections: "HOST:PORT".
  std::string head = "127.0.0.1:7117";   ///< Where nodes and clients find it.
  std::string tls_cert, tls_key, tls_ca; ///< PEM files; all or none. None: loopback only.
  std::string node_name; ///< Of this process, for people; empty: host name and process number.
  uint32_t slots = 256;  ///< Requests that this process runs at once; 0: none (a head only).
  duration heartbeat = std::chrono::milliseconds{500}; ///< Between signs of life of a node.
  duration lost_after =
    std::chrono::seconds{3}; ///< Silence after which each side gives the other up.
};

/// What a head keeps.
struct serve_settings {
  std::string store = "penstock.db"; ///< File of jobs, requests and outcomes.
  duration retention =
    std::chrono::hours{24 * 7}; ///< How long an ended job is kept; zero: for ever.
};

/// How a job runs.
struct run_settings {
  core::mode mode = core::mode::automatic;
  std::string tenant =
    "default"; ///< Whose job it is: tenants take turns, and share no cached answers.
  core::priority priority = core::priority::normal;
  std::string model;            ///< Replaces the body's model; empty: as in the line.
  uint32_t in_flight_max = 256; ///< Requests in flight at once.
  uint32_t attempts = 5; ///< HTTP attempts per request, at least 1; two more after falling back.
  duration timeout = std::chrono::seconds{600}; ///< One attempt.
  duration idle_timeout =
    std::chrono::seconds{120}; ///< One attempt without a byte from the upstream.
  duration connect_timeout = std::chrono::seconds{10};
  duration deadline{}; ///< The whole job; zero: none.
  double budget = 0;   ///< Dollars the whole job may cost; 0: no bound.
  duration grace_period =
    std::chrono::seconds{30};        ///< How long a drain waits for what is in flight.
  bool strict = false;               ///< A bad line stops the run before the first send.
  bool restart = false;              ///< Throws away an earlier output and journal.
  bool dry_run = false;              ///< Prints what would be done, sends nothing.
  bool quiet = false;                ///< No progress.
  bool json = false;                 ///< Machine-readable summary on stdout.
  uint64_t seed = 0;                 ///< Of jitter and of the mock; 0: from the system.
  uint64_t body_max = 32u << 20;     ///< Bytes of an answer.
  uint64_t line_max = 64u << 20;     ///< Bytes of an input line.
  uint32_t window_requests = 4096;   ///< Reorder window: requests handed out but not yet written.
  uint64_t window_bytes = 32u << 20; ///< Reorder window: bytes of bodies in it.
  uint32_t breaker_trips_after = 10;
  duration breaker_open_for = std::chrono::seconds{60};
};

/// Everything that may be told to the program.
struct settings {
  upstream_settings upstream;               ///< The default one.
  std::vector<upstream_settings> upstreams; ///< More, for routes.
  std::vector<route_settings> routes;
  std::vector<price_settings> prices;
  cache_settings cache;
  routing_settings routing;
  pack_settings pack;
  run_settings run;
  cluster_settings cluster;
  serve_settings serve;
};

/// Where a value came from; later ones win.
enum class origin : uint8_t { built_in, file, environment, command_line };

/// The settings with the origin of each key ("run.attempts" -> "file penstock.toml:12").
struct loaded_settings {
  settings values;
  std::map<std::string, std::string> origins;
  std::string file; ///< The configuration file that was read; empty if there was none.
};

} // namespace penstock::config
