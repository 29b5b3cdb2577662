#pragma once

#include "actors/job/job_launcher.hpp"
#include "core/base/defaults.hpp"
#include "core/io/file/input_scan.hpp"
#include "core/io/file/run_files.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace penstock::cli {

/// The content of an output, as the progress of a job.
job_progress progress_of(const core::output_totals& totals);

/// A job over files.
struct file_job_options {
  std::string input;  ///< A path, or "-".
  std::string output; ///< A path, or "-".
  core::line_options lines;
  uint64_t line_max = core::defaults::line_bytes;
  bool strict = false;                   ///< A bad line of a pipe ends the job.
  bool restart = false;                  ///< Throws an earlier output away, the first time.
  bool retry_failed = false;             ///< Sends again what did not complete, the first time.
  std::string identity;                  ///< What the answers depend on besides the input.
  std::optional<io::input_summary> scan; ///< Of a regular input.
  std::string pack_because;              ///< Why mode `auto` should pack; empty: it should not.
};

/// Opens input, output and journal of a run, also again after a crash of one of its actors.
class file_job final : public actors::job_launcher {
public:
  explicit file_job(file_job_options options) : options_{std::move(options)} {}

  /// Takes the lock and looks at what an earlier run left; nothing is sent or written yet except
  /// that `--restart` removes the old output. To be called once, before `launch`.
  result<io::run_start> prepare();
  /// Outcomes of earlier runs. @pre `prepare` succeeded and `launch` was not called.
  uint64_t done_before() const;
  /// The output of earlier runs, as the progress of a job. @pre As for `done_before`.
  job_progress progress_before() const;
  /// How the output differs from the one that an earlier run left. @pre as `done_before`.
  std::optional<io::change_counts> changes() const;
  /// Whether another run can go on where this one stops.
  bool is_resumable() const noexcept { return resumable_; }

  result<actors::job_parts> launch(caf::actor_system& sys) override;

private:
  result<io::run_files> open();

  file_job_options options_;
  std::optional<io::run_files> files_; ///< Opened by `prepare`, taken by the first `launch`.
  bool resumable_ = false;
  bool launched_ = false;
};

} // namespace penstock::cli
