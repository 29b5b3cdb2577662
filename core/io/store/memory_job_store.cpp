#include "core/io/store/job_book.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

namespace penstock::io {

namespace {

/// A list that can drop its beginning.
template <class T>
struct tail_of {
  uint64_t base = 0; ///< Index of the first element that is not dropped.
  std::deque<T> items;

  uint64_t end() const { return base + items.size(); }
  /// Null: the element is dropped.
  T* at(uint64_t index) { return index < base || index >= end() ? nullptr : &items[index - base]; }
  template <class Predicate>
  void drop_while(Predicate may_go) {
    for (; !items.empty() && may_go(items.front()); ++base)
      items.pop_front();
  }
};

/// The jobs, protected by a lock for the writer and all readers.
class memory_job_store : public job_book, public std::enable_shared_from_this<memory_job_store> {
public:
  result<void> commit() override {
    std::lock_guard lock{mutex_};
    for (auto job : std::exchange(changed_, {}))
      jobs_.at(job).book.has_changed = false;
    for (auto at : std::exchange(changed_tenants_, {}))
      at->second.has_changed = false;
    return {};
  }

  void forget(uint64_t job, uint64_t below) override {
    std::lock_guard lock{mutex_};
    if (auto it = jobs_.find(job); it != jobs_.end()) {
      auto& j = it->second;
      below = std::min(below, j.book.row.ordered);
      for (; j.outcomes.base < below && !j.outcomes.items.empty(); ++j.outcomes.base) {
        j.outcomes.items.pop_front();
        if (auto* request = j.requests.at(j.outcomes.base))
          request->reset(); // A forgotten outcome cannot be retried.
      }
      j.requests.drop_while([](auto& r) { return !r; });
    }
  }

  bool is_durable() const noexcept override { return false; }
  result<std::shared_ptr<job_reader>> open_reader() override;

protected:
  result<void> guarded(const std::function<void()>& work) override {
    std::lock_guard lock{mutex_};
    work();
    return {};
  }

  entry* find(uint64_t job) override {
    auto it = jobs_.find(job);
    return it == jobs_.end() || it->second.book.row.phase == job_phase::leaving ? nullptr
                                                                                : &it->second.book;
  }

  entry* find(const std::string& tenant, const std::string& key) override {
    auto it = by_key_.find({tenant, key});
    return it == by_key_.end() ? nullptr : find(it->second);
  }

  entry& insert(job_row row) override {
    row.id = next_job_++;
    if (!row.head.idempotency_key.empty())
      by_key_[{row.head.tenant, row.head.idempotency_key}] = row.id;
    auto& made = jobs_[row.id].book;
    made.row = std::move(row);
    return made;
  }

  void put_request(entry& to, uint64_t index, const request_ptr& what) override {
    auto& j = jobs_.at(to.row.id);
    if (what->index == index) {
      j.requests.items.push_back(what);
    } else {
      auto placed = *what;
      placed.index = index;
      j.requests.items.push_back(std::make_shared<const core::request>(std::move(placed)));
    }
    j.outcomes.items.emplace_back();
  }

  void put_outcome(entry& to, const job_outcome& what, core::outcome_state state) override {
    auto& j = jobs_.at(to.row.id);
    if (auto* place = j.outcomes.at(what.index)) {
      place->what = what;
      place->state = state;
    }
    if (state != core::outcome_state::completed)
      return; // A retry may need the request.
    if (auto* request = j.requests.at(what.index))
      request->reset();
    j.requests.drop_while([](auto& r) { return !r; });
  }

  core::output_totals erase_failed(entry& from) override {
    auto& outcomes = jobs_.at(from.row.id).outcomes;
    core::output_totals gone;
    from.row.ordered = outcomes.base;
    from.above.clear();
    for (auto index = outcomes.base; index < outcomes.end(); ++index) {
      auto* o = outcomes.at(index);
      if (!o->is_there())
        continue;
      switch (o->state) {
      case core::outcome_state::completed: from.above.insert(from.above.end(), index); continue;
      case core::outcome_state::failed: ++gone.failed; break;
      case core::outcome_state::cancelled: ++gone.cancelled; break;
      case core::outcome_state::expired: ++gone.expired; break;
      }
      *o = {};
    }
    advance(from);
    return gone;
  }

  std::vector<uint64_t> open_jobs() override {
    std::vector<uint64_t> ids;
    for (auto& [id, job] : jobs_)
      if (job.book.row.phase == job_phase::open)
        ids.push_back(id);
    return ids;
  }

  entry* find_expired(unix_ms ended_before, unix_ms received_before) override {
    for (auto& [id, job] : jobs_) {
      auto& row = job.book.row;
      if ((row.phase == job_phase::ended && row.ended < ended_before) ||
          (row.phase == job_phase::receiving && row.touched < received_before))
        return &job.book;
    }
    return nullptr;
  }

  void hide(entry& leaving) override {
    auto& head = leaving.row.head;
    if (auto it = by_key_.find({head.tenant, head.idempotency_key}); it != by_key_.end())
      by_key_.erase(it);
    leaving_.push_back(leaving.row.id);
  }

  uint32_t erase_leaving(uint32_t rows_max) override {
    if (leaving_.empty())
      return 0;
    const auto it = jobs_.find(leaving_.back());
    auto& j = it->second;
    uint32_t removed = 0;
    for (; removed < rows_max && !j.requests.items.empty(); ++removed)
      j.requests.items.pop_back();
    for (; removed < rows_max && !j.outcomes.items.empty(); ++removed)
      j.outcomes.items.pop_back();
    if (removed == rows_max)
      return removed;
    std::erase(changed_, it->first);
    jobs_.erase(it);
    leaving_.pop_back();
    return removed + 1;
  }

private:
  friend class memory_job_reader;

  struct kept_outcome {
    job_outcome what;
    core::outcome_state state = core::outcome_state::completed;
    bool is_there() const noexcept { return what.outcome || what.line; }
  };
  struct kept_job {
    entry book;
    tail_of<request_ptr> requests;  ///< Null: the request is completed.
    tail_of<kept_outcome> outcomes; ///< Without the forgotten outcomes.
  };

  std::mutex mutex_; ///< Guards all members, because readers run on other threads.
  std::map<uint64_t, kept_job> jobs_;
  std::map<std::pair<std::string, std::string>, uint64_t> by_key_;
  std::vector<uint64_t> leaving_;
  uint64_t next_job_ = 1;
};

class memory_job_reader : public job_reader {
public:
  explicit memory_job_reader(std::shared_ptr<memory_job_store> store) : store_{std::move(store)} {}

  result<std::vector<request_ptr>> requests(uint64_t job, uint64_t first, uint32_t count_max,
                                            uint64_t bytes_max) override {
    std::lock_guard lock{store_->mutex_};
    auto* j = find(job);
    if (!j)
      return unknown_job(job);
    std::vector<request_ptr> found;
    uint64_t bytes = 0;
    for (auto index = first;
         index < j->book.row.requests && found.size() < count_max && bytes < bytes_max; ++index) {
      const auto is_done = index < j->book.row.ordered || j->book.above.count(index) > 0;
      auto* request = is_done ? nullptr : j->requests.at(index);
      found.push_back(request ? *request : nullptr);
      if (request && *request && (*request)->body)
        bytes += (*request)->body->size();
    }
    return found;
  }

  result<std::vector<job_outcome>> outcomes(uint64_t job, uint64_t first, uint32_t count_max,
                                            uint64_t bytes_max) override {
    std::lock_guard lock{store_->mutex_};
    auto* j = find(job);
    if (!j)
      return unknown_job(job);
    std::vector<job_outcome> found;
    uint64_t bytes = 0;
    for (auto index = first;
         index < j->book.row.ordered && found.size() < count_max && bytes < bytes_max; ++index) {
      auto* o = j->outcomes.at(index);
      if (!o)
        return error{errc::invalid_input,
                     "outcome " + std::to_string(index) + " of job " + std::to_string(job) +
                       " was forgotten; this engine keeps nothing that was taken"};
      bytes += o->what.line                               ? o->what.line->size()
               : o->what.outcome && o->what.outcome->body ? o->what.outcome->body->size()
                                                          : 0;
      found.push_back(o->what);
    }
    return found;
  }

  result<job_marks> marks(uint64_t job) override {
    std::lock_guard lock{store_->mutex_};
    auto* j = find(job);
    if (!j)
      return unknown_job(job);
    auto& row = j->book.row;
    return job_marks{row.phase, row.state, row.requests, row.ordered};
  }

  result<job_row> row(uint64_t job) override {
    std::lock_guard lock{store_->mutex_};
    auto* j = find(job);
    return j ? result<job_row>{j->book.row} : unknown_job(job);
  }

  result<std::vector<job_row>> rows(const job_selection& which) override {
    std::lock_guard lock{store_->mutex_};
    std::vector<job_row> found;
    for (auto it = store_->jobs_.rbegin();
         it != store_->jobs_.rend() && found.size() < which.count_max; ++it) {
      auto& row = it->second.book.row;
      if (row.phase != job_phase::leaving &&
          (!which.active_only || row.phase != job_phase::ended) &&
          (which.before == 0 || row.id < which.before) &&
          (which.tenant.empty() || row.head.tenant == which.tenant))
        found.push_back(row);
    }
    return found;
  }

  result<std::vector<tenant_row>> tenants() override {
    std::lock_guard lock{store_->mutex_};
    std::vector<tenant_row> found;
    for (auto& [key, t] : store_->tenants_)
      if (t.row != tenant_row{t.row.tenant, t.row.priority})
        found.push_back(t.row);
    return found;
  }

private:
  /// @pre The lock is held.
  memory_job_store::kept_job* find(uint64_t job) {
    return store_->find(job) ? &store_->jobs_.at(job) : nullptr;
  }

  std::shared_ptr<memory_job_store> store_;
};

result<std::shared_ptr<job_reader>> memory_job_store::open_reader() {
  return std::make_shared<memory_job_reader>(shared_from_this());
}

} // namespace

std::shared_ptr<job_store> make_memory_job_store() { return std::make_shared<memory_job_store>(); }

} // namespace penstock::io
