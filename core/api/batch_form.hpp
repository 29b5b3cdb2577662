#pragma once

#include "core/api/api_error.hpp"
#include "core/job/job_progress.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::core {

/// A file of a tenant, as OpenAI shows it. Times are seconds since 1970; 0: not set.
struct api_file {
  std::string id; ///< "file-" and 24 hex digits.
  std::string tenant, filename;
  std::string purpose; ///< "batch", "batch_output", "user_data" ...
  uint64_t bytes = 0;
  int64_t created = 0, expires = 0;
};

/// What is wrong with a line of the input of a batch.
struct batch_fault {
  std::string code, message, param;
  uint64_t line = 0; ///< From 1; 0: the file.
};

/// The state of a batch. The numbers are stored: only append.
enum class batch_state : uint8_t {
  validating,
  failed,
  in_progress,
  finalizing,
  completed,
  expired,
  cancelling,
  cancelled,
};
std::string_view to_string(batch_state s) noexcept;
constexpr bool has_ended(batch_state s) noexcept {
  return s == batch_state::failed || s == batch_state::completed || s == batch_state::expired ||
         s == batch_state::cancelled;
}

/// A batch of OpenAI. Times are seconds since 1970; 0: not yet.
struct api_batch {
  std::string id; ///< "batch_" and 24 hex digits.
  std::string tenant, endpoint, input_file, window;
  std::string metadata; ///< A JSON object, or empty.
  std::string output_file, error_file;
  batch_state state = batch_state::validating;
  uint64_t job = 0; ///< The job of its requests; 0: not yet.
  std::vector<batch_fault> faults;
  uint64_t total = 0, completed = 0, failed = 0;
  uint64_t input_tokens = 0, cached_input_tokens = 0, output_tokens = 0;
  int64_t created = 0, in_progress = 0, expires = 0, finalizing = 0, completed_at = 0,
          failed_at = 0, expired_at = 0, cancelling = 0, cancelled_at = 0;
};

/// The body of `POST /v1/batches`.
struct batch_form {
  std::string input_file, endpoint, window, metadata;
  duration deadline{}; ///< `window` as a time.
};

std::variant<batch_form, api_failure> read_batch_form(std::string_view body);

std::string file_text(const api_file& f);
std::string batch_text(const api_batch& b);
/// A list in the form of OpenAI. @param items Each one as JSON. @param ids Of the items.
std::string openai_list(const std::vector<std::string>& items, const std::vector<std::string>& ids,
                        bool has_more);
/// The members of a batch that are stored, as one JSON object, and back.
std::string stored_batch(const api_batch& b);
std::optional<api_batch> batch_from(std::string_view stored);

/// A line of a batch's result files, from a line as of `run`.
struct batch_line {
  bool is_error = false; ///< It belongs into the error file.
  std::string text;      ///< With a line break.
};
batch_line make_batch_line(std::string_view output_line);

} // namespace penstock::core
