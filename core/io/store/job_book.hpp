#pragma once

#include "core/io/store/job_store.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace penstock::io {

/// The rules of a job store: what is accepted, counted and removed. Derived classes store the rows.
class job_book : public job_store {
public:
  result<job_receipt> submit(const job_header& head, std::span<const request_ptr> requests,
                             bool complete, unix_ms now) final;
  result<job_receipt> add(uint64_t job, uint64_t first, std::span<const request_ptr> requests,
                          bool complete, unix_ms now) final;
  result<job_row> take_up(uint64_t job) final;
  result<std::vector<uint64_t>> recorded(uint64_t job) final;
  result<uint64_t> write(uint64_t job, std::span<const job_outcome> outcomes) final;
  result<void> finish(uint64_t job, bool ended, uint8_t state, std::string progress,
                      unix_ms now) final;
  result<uint64_t> retry(uint64_t job, unix_ms now) final;
  result<std::vector<uint64_t>> unfinished() final;
  result<bool> sweep(unix_ms ended_before, unix_ms received_before, uint32_t rows_max) final;

protected:
  /// A job, and what follows from its outcomes.
  struct entry {
    job_row row;
    std::set<uint64_t> above; ///< Indexes of outcomes above the first gap.
    bool is_new = true;       ///< Its row is not stored yet.
    bool has_changed = false; ///< The stored row is out of date.
  };
  struct tenant_entry {
    tenant_row row;
    bool has_changed = false;
  };
  using tenant_map = std::map<std::pair<std::string, core::priority>, tenant_entry>;

  /// Does `work`, unless the store has failed. Turns exceptions into errors.
  virtual result<void> guarded(const std::function<void()>& work) = 0;
  /// Null: there is no such job, or it is `leaving`.
  virtual entry* find(uint64_t job) = 0;
  virtual entry* find(const std::string& tenant, const std::string& idempotency_key) = 0;
  /// Stores a new job and gives it its number.
  virtual entry& insert(job_row row) = 0;
  virtual void put_request(entry& to, uint64_t index, const request_ptr& what) = 0;
  /// @pre There is no outcome of this index.
  virtual void put_outcome(entry& to, const job_outcome& what, core::outcome_state state) = 0;
  /// Removes the outcomes that are not completed and whose requests can run again.
  /// @returns how many of each state. Updates `ordered` and `above` of `from`.
  virtual core::output_totals erase_failed(entry& from) = 0;
  virtual std::vector<uint64_t> open_jobs() = 0;
  /// Any job whose retention is over.
  virtual entry* find_expired(unix_ms ended_before, unix_ms received_before) = 0;
  /// Frees the idempotency key of a job that is `leaving`.
  virtual void hide(entry& leaving) = 0;
  /// Removes about `rows_max` rows of `leaving` jobs. @returns how many; 0: there are none.
  virtual uint32_t erase_leaving(uint32_t rows_max) = 0;

  /// Moves `ordered` over outcomes without a gap.
  static void advance(entry& e);

  tenant_map tenants_;
  std::vector<uint64_t> changed_; ///< Jobs whose stored rows are out of date.
  /// Tenants whose stored rows are out of date.
  std::vector<tenant_map::iterator> changed_tenants_;

private:
  template <class T, class F>
  result<T> run(F&& work);
  job_receipt append(entry& to, uint64_t first, std::span<const request_ptr> requests,
                     bool complete, unix_ms now);
  tenant_row& tenant_of(const entry& e);
  void change(entry& e);
};

} // namespace penstock::io
