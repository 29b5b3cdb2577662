#pragma once

#include "config/settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace penstock::config {

/// The kind of value of a key; decides how it is written and checked.
enum class value_kind : uint8_t {
  boolean, ///< true or false
  integer, ///< a whole number
  number,  ///< a number
  span,    ///< "90s", "1h30m", or seconds
  bytes,   ///< "32MB", "64KiB", or bytes
  text,    ///< a text that passes the row's own check
  choice,  ///< one of the row's words
};

/// The value of a key. Spans are in nanoseconds, sizes in bytes; choices are their words.
using scalar = std::variant<bool, int64_t, double, std::string>;

/// The place of a value inside the settings. For the protocol it is the whole upstream, because
/// "mock" is a protocol for users, but a flag in the program.
using field = std::variant<bool*, uint32_t*, uint64_t*, double*, duration*, std::string*,
                           core::mode*, core::priority*, core::cache_mode*, upstream_settings*>;

/// The allowed range of a number, span (in seconds) or size (in bytes).
struct value_range {
  double min = 0;
  double max = 0;
  bool above_min = false;           ///< `min` itself is refused.
  std::string_view zero_means = {}; ///< If set, zero is allowed too, and means this.
};

/// The headings of the help, in order.
enum class help_group : uint8_t {
  provider, ///< Where requests go.
  limits,   ///< What the provider allows.
  job,      ///< How the job runs.
  packs,    ///< Several requests in one prompt.
  failures, ///< When something fails.
  cache,    ///< The response cache.
  printed,  ///< What is printed, and what it may cost.
  memory,   ///< Limits of memory.
  head,     ///< What a head listens on and stores.
  trust,    ///< Certificates.
  node,     ///< A node of a cluster.
  signs,    ///< Heartbeats between head and nodes.
};

/// Which commands use a setting. `serve`, `node` and `config show` accept every setting, so that
/// all processes of a cluster can share one command line and file.
enum setting_scope : uint32_t {
  in_run = 1,     ///< `run` and `map`.
  in_job = 2,     ///< `submit`: sent to the head with the job, or for the job's files.
  in_results = 4, ///< `results`.
  in_client = 8,  ///< Every command that talks to a head.
  in_head = 16,   ///< `serve`.
  in_node = 32,   ///< `node`.
  in_engine = in_run | in_head | in_node, ///< Every process that sends requests.
};

/// One setting. Names, flags, help and ranges are only in the table of these rows. The file reader,
/// the environment, the command line, `--help`, `config show`, the reference and validation use it.
struct key_row {
  std::string_view name; ///< As in the file: "run.in_flight_max".
  std::string_view flag; ///< On the command line: "in-flight-max".
  value_kind kind;
  std::string_view placeholder;              ///< Text after the flag in the help, for example "N".
  std::string_view help;                     ///< One sentence.
  value_range range;                         ///< For integer, number, span and bytes.
  std::span<const std::string_view> choices; ///< For choice.
  std::string_view form; ///< For text: the allowed form, for example "an http or https URL".
  bool (*fits)(std::string_view) = nullptr;    ///< For text: checks the form.
  field (*at)(settings&) = nullptr;            ///< Where the value lives.
  field (*at_lane)(limit_settings&) = nullptr; ///< Set if lanes have this key, too.
  bool inherited = false; ///< A lane without this key takes the value of `[upstream.limits]`.
  bool echoed = true;     ///< False: messages do not repeat a wrong value: it may be a secret.
  help_group group = help_group::provider; ///< The heading in the help.
  uint32_t scope = 0;                      ///< Bits of `setting_scope`: the commands that use it.
  bool everyday = false;                   ///< `--help` shows it; `--help-all` shows every setting.
  /// Name and flag of an earlier release, or empty. They are still accepted, but never shown.
  std::string_view old_name = {}, old_flag = {};
  /// Whether it was a boolean in an earlier release. Then true and false are still accepted and
  /// mean these words; `--no-FLAG` means the second. Empty: it was not.
  std::string_view old_true = {}, old_false = {};

  /// The environment variable: "PENSTOCK_IN_FLIGHT_MAX".
  std::string env_name() const;
  /// The variable of an earlier release; empty if there was none.
  std::string old_env_name() const;
  /// Whether only the processes and clients of a cluster use it.
  bool is_cluster() const { return (scope & in_run) == 0; }
  /// The last part of the name: "in_flight_max".
  std::string_view short_name() const;
};

/// All settings, in the order of the reference.
std::span<const key_row> keys();

/// The row called `name`, now or in an earlier release, or null.
const key_row* find_key(std::string_view name);

/// The allowed values, for a text after "must be": "an integer from 1 to 100".
std::string allowed(const key_row& row);

/// The present value of a field.
scalar read(const field& from);

/// The value of a key in `values`.
scalar read(const key_row& row, const settings& values);

/// `value` as written in a file: 256, 0.8, true, "10m", "32MiB", "auto".
std::string format(const key_row& row, const scalar& value);

/// Why `value` is not allowed ("must be an integer from 1 to 100, is 0"); nullopt if it is.
std::optional<std::string> check(const key_row& row, const scalar& value);

/// Writes `value` to `to`, in the units of `scalar`. @pre `check` finds no fault.
void write(const field& to, const scalar& value);

/// Writes a value from a file to `to`. The type must match: a text is not a number. A bare number
/// is in seconds or bytes. @returns the fault, as `check` does; then `to` is unchanged.
std::optional<std::string> assign(const key_row& row, field to, const scalar& value);

/// Writes the text of a command line or an environment variable to `to`, as `assign` does.
std::optional<std::string> assign_text(const key_row& row, field to, std::string_view text);

} // namespace penstock::config
