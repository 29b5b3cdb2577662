#pragma once

#include "core/base/defaults.hpp"
#include "core/io/file/map_files.hpp"
#include "core/map/map_plan.hpp"
#include "core/map/map_record.hpp"
#include "core/map/map_script.hpp"
#include "core/map/map_totals.hpp"
#include "messages/map.hpp"

#include <caf/result.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::actors {

/// The setup of a map.
struct map_setup {
  std::shared_ptr<core::map_script> script;
  std::shared_ptr<io::map_files> files;
  std::vector<uint32_t> corrections_max; ///< By stage; at least one stage.
  std::vector<std::string> groups;       ///< Names, in the order of their first rows.
  std::vector<uint64_t> rows_of_group;   ///< Rows of each, of those that this map runs.
  bool whole = true;                     ///< They are all rows of the input.
  size_t window_rows = 4096;             ///< Rows read and not yet written.
  uint64_t window_bytes = core::defaults::window_bytes; ///< Bytes of cells and results among them.
  std::set<std::string> cancelled; ///< Groups that are cancelled from the start.
  std::string client_id;           ///< Begins the custom_id of every request; stable over restarts.
  double budget = 0;               ///< Dollars, earlier lives included; 0: no bound.
  map_watcher_actor watcher;       ///< Is told when the budget is spent; null: nobody.
};

/// Moves the rows of a map through the stages.
///
/// One job of the engine per group and stage (number: group x stages + stage), each behind a
/// `stage_port`. A row is read once. Its request is sent through the port of the first stage of its
/// group. The answer is stored in the journal, then checked. Then the row goes to the next stage,
/// to the same stage again with a correction, or to the output when all earlier rows are there. A
/// job ends when no more rows of its group can come.
///
/// Example: two groups, stages `extract` and `grade`. Row 7 (of group 1) has its answer of
/// `extract`. The answer is stored, and row 7 becomes a request of job 3 at once, while rows 0 to 6
/// are still in job 0.
struct map_hub_state {
  static inline const char* name = "map-hub";
  static constexpr auto commit_every = std::chrono::seconds{1};

  void start(map_setup what);
  void begin(uint32_t job, const stage_port_actor& port);
  void pull(uint32_t job, uint32_t requests_max, uint64_t bytes_max);
  void take(std::vector<map_answer> answers);
  void cancel(const std::string& group);
  map_status status() const;
  caf::result<map_status> close();
  void flush();
  void mark();

  map_hub_actor::pointer self = nullptr;

private:
  /// The state of a job for its port.
  struct job_entry {
    stage_port_actor port;
    uint32_t wanted = 0; ///< Requests of a pull that is still open; 0: none.
    uint64_t wanted_bytes = 0;
  };
  /// A row between reading and writing.
  struct row_entry {
    core::map_row row; ///< Empty after the row is finished.
    /// The last answer of its stage, not good enough.
    std::optional<core::map_correction> correction;
    std::vector<std::pair<core::map_ticket, core::output_record>> answers;
    core::stage_print print; ///< Of the request that is under way, or was made last.
    std::optional<core::outcome_state> ended;
    std::string line;   ///< Of the output, after the row is finished.
    bool noted = false; ///< The row had notes; set after it is finished.
  };

  uint32_t stages() const { return plan_.stages(); }
  // map_hub.cpp: jobs and answers
  void step();
  void serve(uint32_t job);
  result<core::request> compose(const core::map_ticket& t);
  void judge(const map_answer& answer);
  // map_hub_rows.cpp: reading, finishing, writing
  bool fill();
  bool read_row();
  void admit(core::map_row row);
  void count(const core::map_ticket& t, const core::outcome& o);
  bool accept(const core::map_ticket& t, const core::outcome& o, bool goes_on = false);
  std::optional<core::map_ticket> replay(core::map_ticket at);
  bool is_void(const core::map_ticket& at, const io::map_record& last);
  void finish(uint64_t row, core::outcome_state state, const error* why, bool in_plan = true);
  bool release();
  void fail(const error& why);

  map_setup setup_;
  core::map_plan plan_;
  core::map_totals seen_;    ///< All outcomes and finished rows, with earlier runs.
  core::map_totals written_; ///< The part of `seen_` for written rows.
  std::vector<core::stage_sample> samples_;
  std::vector<job_entry> jobs_;
  std::set<uint32_t> groups_to_serve_;
  std::vector<bool> cancelled_; ///< By group.
  std::map<uint64_t, row_entry> rows_;
  std::string first_note_;        ///< Of this run, with its row; an example for the summary.
  core::failure_groups failures_; ///< Of this run.
  uint64_t held_bytes_ = 0;
  double spent_ = 0; ///< US dollars, with those of earlier runs.
  uint64_t rows_total_ = 0;
  uint64_t resumed_rows_ = 0, resumed_answers_ = 0;
  uint64_t sent_again_ = 0;         ///< Rows that had failed, in a retry.
  uint64_t changed_documents_ = 0;  ///< Rows whose answer fell with a document.
  std::vector<map_answer> waiting_; ///< Answers that the journal does not have yet.
  bool flush_pending_ = false, commit_pending_ = false, over_budget_ = false, dirty_ = false;
};

/// Runs the rows of one map. Blocks on files and documents: spawn it detached. Quits with an error
/// of the disk or of the input.
map_hub_actor::behavior_type map_hub(map_hub_actor::stateful_pointer<map_hub_state> self,
                                     std::shared_ptr<map_setup> setup);

} // namespace penstock::actors
