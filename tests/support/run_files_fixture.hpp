#pragma once

#include "core/io/file/run_files.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace penstock::test {

/// The outcome of request `index`, equal in every run.
inline core::outcome outcome_of(uint64_t index) {
  core::outcome o;
  o.index = index;
  o.custom_id = "id-" + std::to_string(index);
  o.state = index % 7 == 3 ? core::outcome_state::failed : core::outcome_state::completed;
  if (o.state == core::outcome_state::failed)
    o.failure = error{errc::server_error, "boom"};
  o.status_code = 200;
  o.body = core::make_payload(R"({"n":)" + std::to_string(index) + R"(,"pad":")" +
                              std::string(index % 50, 'x') + "\"}");
  o.attempts = 1 + index % 3;
  o.used = {10, 0, index, 0, true};
  return o;
}

inline std::string line_of(uint64_t index) { return core::output_line(outcome_of(index)); }

/// The output of a run without interruption.
inline std::string whole_output(uint64_t requests) {
  std::string all;
  for (uint64_t i = 0; i < requests; ++i)
    all += line_of(i);
  return all;
}

/// Sums over that output.
inline core::output_totals whole_totals(uint64_t requests) {
  core::output_totals totals;
  for (uint64_t i = 0; i < requests; ++i)
    totals.add(core::record_of(outcome_of(i)));
  return totals;
}

/// Writes `count` lines from index `first` on.
inline result<void> write_lines(io::run_files& files, uint64_t first, uint64_t count) {
  std::string lines;
  std::vector<core::output_record> records;
  for (uint64_t i = first; i < first + count; ++i) {
    core::append_output_line(lines, outcome_of(i));
    records.push_back(core::record_of(outcome_of(i)));
  }
  return files.write(lines, records);
}

/// An input and an output in a new directory.
struct run_files_fixture {
  run_files_fixture() { write_file(dir / "in", "input"); }

  io::run_request request(uint64_t requests = 40) const {
    return {{dir / "in", std::string(64, 'a'), "model=m"}, requests, dir / "out", false};
  }
  io::run_files open(uint64_t requests = 40) const {
    auto files = io::run_files::open(request(requests));
    BOOST_REQUIRE_MESSAGE(files.has_value(), (files ? "" : to_string(files.error())));
    return std::move(*files);
  }
  errc refusal(const io::run_request& r) const {
    auto files = io::run_files::open(r);
    BOOST_REQUIRE(files.has_error());
    BOOST_TEST(!files.error().context.empty());
    return files.error().code;
  }
  /// The files as another process would find them after a kill -9 now.
  void copy_state(const std::string& to) const {
    std::filesystem::remove_all(to);
    std::filesystem::create_directory(to);
    for (auto name : {"out", "out.penstock-journal", "out.penstock-journal-wal"})
      if (std::filesystem::exists(dir / name))
        std::filesystem::copy_file(dir / name, std::filesystem::path{to} / name);
  }
  void take_state(const std::string& from) const {
    for (auto name : {"out", "out.penstock-journal", "out.penstock-journal-wal"}) {
      std::filesystem::remove(dir / name);
      if (std::filesystem::exists(std::filesystem::path{from} / name))
        std::filesystem::copy_file(std::filesystem::path{from} / name, dir / name);
    }
  }

  temp_dir dir;
};

} // namespace penstock::test
