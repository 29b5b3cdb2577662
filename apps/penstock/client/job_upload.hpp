#pragma once

#include "apps/penstock/client/client.hpp"
#include "core/base/defaults.hpp"
#include "core/io/file/input_scan.hpp"
#include "core/io/file/request_reader.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace penstock::cli {

/// A job to send to a head.
struct upload_plan {
  submission head;   ///< Options, name, key; the requests are read from the input.
  std::string input; ///< A file, or "-".
  core::line_options lines;
  uint64_t line_max = core::defaults::line_bytes;
  std::optional<io::input_summary> scan; ///< Of an input that can be read twice.
  bool strict = false;                   ///< An unusable line of a pipe ends the upload.
  bool expected = false; ///< There are results of the job, so the head must know it.
  std::function<void(uint64_t accepted)> progress; ///< Called after every part.
};

/// Sends the requests of an input to a head in parts of at most 512 requests or 1 MB, with at most
/// two parts without an answer, so that neither side needs more memory. After a broken connection
/// it finds the job by its idempotency key, and the head says which requests it has. The others are
/// sent from memory, or read again from a file.
class job_upload {
public:
  job_upload(head_session& head, upload_plan plan) : head_{head}, plan_{std::move(plan)} {}

  /// @returns the ticket of the complete job. @pre the head's key is not empty.
  result<job_ticket> run();
  /// The job, if the head knows it.
  const std::optional<job_ticket>& ticket() const noexcept { return ticket_; }
  /// Whether the head knew the job before.
  bool known_before() const noexcept { return known_before_; }

private:
  struct part {
    submission_part what;
    uint64_t end() const { return what.first + what.requests.size(); }
  };

  result<job_ticket> over_one_connection();
  result<void> go_on_from(uint64_t index);
  result<void> read_part();
  result<void> wait_for_input();
  void send(const part& p);
  error refused(uint64_t held) const;

  head_session& head_;
  upload_plan plan_;
  std::optional<io::request_reader> reader_;
  uint64_t read_ = 0;           ///< Requests read so far, also before a reconnect.
  bool ended_ = false;          ///< The input has ended.
  std::deque<part> unanswered_; ///< Parts without an acknowledgement.
  std::deque<pending_answer<job_ticket>> answers_; ///< Of the first of them.
  std::optional<job_ticket> ticket_;
  bool known_before_ = false;
};

} // namespace penstock::cli
