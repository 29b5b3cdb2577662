#include "core/io/file/journal.hpp"
#include "core/io/file/journal_head.hpp"
#include "tests/support/size_limit.hpp"
#include "tests/support/temp_dir.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace {

const run_identity identity{"in\xff.jsonl", std::string(64, 'a'), "model=m"};

run_checkpoint checkpoint(uint64_t lines) {
  run_checkpoint at{lines * 100, lines, ~uint64_t{0} - lines, {}};
  at.totals.completed = lines;
  at.totals.upstream_ms = 7;
  return at;
}

std::vector<journal_row> rows(std::initializer_list<uint64_t> indexes) {
  std::vector<journal_row> made;
  for (auto i : indexes)
    made.emplace_back(i, "line " + std::to_string(i) + std::string("\0\n", 2));
  return made;
}

const bool places[] = {false, true}; // In memory, in a file.

struct fixture {
  std::string path(bool in_file) { return in_file ? dir / "journal" : ":memory:"; }
  std::unique_ptr<journal> make(bool in_file) {
    auto made = create_journal(path(in_file), identity);
    BOOST_REQUIRE(made.has_value());
    return std::move(*made);
  }
  temp_dir dir;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(journals, fixture)

BOOST_DATA_TEST_CASE(rows_come_back_in_order_of_their_index, places) {
  auto j = make(sample);
  BOOST_TEST(j->append(rows({5, 2})).has_value());
  BOOST_TEST(j->append(rows({9, 3})).has_value());
  BOOST_TEST((*j->waiting() == std::vector<uint64_t>{2, 3, 5, 9}));
  BOOST_TEST((*j->rows_from(0, 100) == rows({2, 3, 5, 9})));
  BOOST_TEST((*j->rows_from(3, 2) == rows({3, 5})));
  BOOST_TEST(j->rows_from(10, 2)->empty());
}

BOOST_DATA_TEST_CASE(a_row_is_replaced_by_one_of_its_index, places) {
  auto j = make(sample);
  BOOST_TEST(j->append({{4, "old"}}).has_value());
  BOOST_TEST(j->append({{4, "new"}}).has_value());
  BOOST_TEST((*j->rows_from(0, 9) == std::vector<journal_row>{{4, "new"}}));
}

BOOST_DATA_TEST_CASE(a_checkpoint_trims_what_is_before_it, places) {
  auto j = make(sample);
  BOOST_TEST(j->append(rows({2, 3, 5, 9})).has_value());
  BOOST_TEST(j->set_checkpoint(checkpoint(5)).has_value());
  BOOST_TEST((*j->waiting() == std::vector<uint64_t>{5, 9}));
  BOOST_TEST((j->head().checkpoint == checkpoint(5)));
  BOOST_TEST(!j->head().complete);
  BOOST_TEST(j->set_checkpoint(checkpoint(10), true).has_value());
  BOOST_TEST(j->waiting()->empty());
  BOOST_TEST(j->head().complete);
}

BOOST_DATA_TEST_CASE(the_mark_of_a_pipe_travels_with_its_rows, places) {
  auto j = make(sample);
  const input_mark mark{12, 345};
  BOOST_TEST(j->append(rows({2}), &mark).has_value());
  BOOST_TEST((j->head().input_read == mark));
  BOOST_TEST(j->append(rows({3})).has_value());
  BOOST_TEST((j->head().input_read == mark));
}

BOOST_AUTO_TEST_CASE(everything_is_there_when_it_is_opened_again) {
  const input_mark mark{12, 345};
  {
    auto j = make(true);
    BOOST_TEST(j->append(rows({2, 3, 7}), &mark).has_value());
    BOOST_TEST(j->set_checkpoint(checkpoint(3)).has_value());
  }
  auto j = open_journal(path(true));
  BOOST_REQUIRE((j.has_value() && *j));
  BOOST_TEST(((*j)->head().identity == identity));
  BOOST_TEST(((*j)->head().checkpoint == checkpoint(3)));
  BOOST_TEST(((*j)->head().input_read == mark));
  BOOST_TEST((*(*j)->rows_from(0, 9) == rows({3, 7})));
}

BOOST_AUTO_TEST_CASE(what_a_kill_leaves_holds_everything_acknowledged) {
  auto j = make(true);
  for (uint64_t i = 0; i < 50; ++i) {
    BOOST_TEST(j->append(rows({i})).has_value());
    // The files as another process would find them after a kill -9 now.
    for (std::string suffix : {"", "-wal"})
      std::filesystem::copy_file(path(true) + suffix, dir / ("copy" + suffix),
                                 std::filesystem::copy_options::overwrite_existing);
    auto copy = open_journal(dir / "copy");
    BOOST_REQUIRE((copy.has_value() && *copy));
    BOOST_TEST((*copy)->waiting()->size() == i + 1);
  }
}

BOOST_AUTO_TEST_CASE(an_interrupted_creation_is_an_empty_journal) {
  write_file(path(true), "");
  auto j = open_journal(path(true));
  BOOST_REQUIRE(j.has_value());
  BOOST_TEST(*j == nullptr);
}

BOOST_AUTO_TEST_CASE(another_program_in_the_journal_is_locked_out) {
  auto j = make(true);
  auto second = open_journal(path(true));
  BOOST_REQUIRE(second.has_error());
  BOOST_TEST((second.error().code == errc::locked));
}

BOOST_AUTO_TEST_CASE(a_finished_journal_is_small_and_alone) {
  {
    auto j = make(true);
    for (uint64_t i = 0; i < 1000; ++i)
      BOOST_REQUIRE(j->append({{i, std::string(4000, 'x')}}).has_value());
    BOOST_TEST(j->set_checkpoint(checkpoint(1000), true).has_value());
  }
  BOOST_TEST(std::filesystem::file_size(path(true)) < 100'000u);
  BOOST_TEST(!std::filesystem::exists(path(true) + "-wal"));
  BOOST_TEST((*open_journal(path(true)))->head().complete);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_said_and_loses_nothing_acknowledged) {
  auto j = make(true);
  uint64_t kept = 0;
  {
    size_limit limit{200'000};
    for (;; ++kept) {
      auto appended = j->append({{kept, std::string(5000, 'x')}});
      if (appended)
        continue;
      BOOST_TEST((appended.error().code == errc::disk_full), to_string(appended.error()));
      BOOST_TEST(appended.error().context.find(path(true)) != std::string::npos);
      break;
    }
  }
  BOOST_TEST(kept > 10u);
  BOOST_TEST(kept < 100u);
  j.reset();
  auto again = open_journal(path(true));
  BOOST_REQUIRE((again.has_value() && *again));
  BOOST_TEST((*again)->waiting()->size() == kept);
  BOOST_TEST((*again)->append(rows({kept})).has_value());
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_there_is_an_io_error) {
  auto j = create_journal(dir / "no/journal", identity);
  BOOST_REQUIRE(j.has_error());
  BOOST_TEST((j.error().code == errc::io_error));
}

BOOST_AUTO_TEST_CASE(removing_takes_every_file) {
  {
    auto j = make(true);
    std::filesystem::copy_file(path(true), dir / "copy");
    std::filesystem::copy_file(path(true) + "-wal", dir / "copy-wal");
  }
  BOOST_TEST(remove_journal(dir / "copy").has_value());
  BOOST_TEST(!std::filesystem::exists(dir / "copy"));
  BOOST_TEST(!std::filesystem::exists(dir / "copy-wal"));
  BOOST_TEST(remove_journal(dir / "copy").has_value());
}

BOOST_AUTO_TEST_CASE(foreign_files_and_other_formats_are_refused) {
  write_file(path(true), std::string(5000, 'x'));
  auto j = open_journal(path(true));
  BOOST_REQUIRE(j.has_error());
  BOOST_TEST((j.error().code == errc::corrupt));
  BOOST_TEST(j.error().context.find("--restart") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_journal_of_a_newer_program_is_refused_and_kept) {
  make(true).reset();
  { SQLite::Database{path(true), SQLite::OPEN_READWRITE}.exec("PRAGMA user_version=99"); }
  const auto opened = open_journal(path(true));
  BOOST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == errc::incompatible));
  const auto& text = opened.error().context;
  BOOST_TEST(text.find("newer penstock (format 99") != std::string::npos, text);
  BOOST_TEST(text.find("damaged") == std::string::npos, text);
  BOOST_TEST(text.find("--restart") == std::string::npos, text);
}

// Random damage: a journal has exactly the stored rows, or is refused.
BOOST_AUTO_TEST_CASE(damage_never_yields_a_wrong_row) {
  const input_mark mark{100, 5};
  {
    auto j = make(true);
    for (uint64_t i = 0; i < 60; ++i)
      BOOST_REQUIRE(j->append(rows({i * 3}), &mark).has_value());
    BOOST_REQUIRE(j->set_checkpoint(checkpoint(30)).has_value());
  }
  const auto sound = read_file(path(true));
  size_t refused = 0, lost = 0;
  for (uint32_t seed = 1; seed <= 400; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random{seed};
      auto bytes = sound;
      if (seed % 5 == 0)
        bytes.resize(random() % bytes.size());
      else
        for (auto n = random() % 4 + 1; n > 0; --n)
          bytes[random() % bytes.size()] = static_cast<char>(random());
      write_file(dir / "hurt", bytes);
      auto j = open_journal(dir / "hurt");
      if (!j) {
        BOOST_TEST((j.error().code == errc::corrupt || j.error().code == errc::io_error));
        ++refused;
      } else if (*j) {
        BOOST_TEST(((*j)->head().identity == identity));
        BOOST_TEST(((*j)->head().checkpoint == checkpoint(30)));
        auto found = (*j)->rows_from(0, 1000);
        if (!found) {
          BOOST_TEST((found.error().code == errc::corrupt), to_string(found.error()));
          ++refused;
        } else {
          for (auto& row : *found)
            BOOST_TEST((row == rows({row.first})[0]));
          lost += found->size() != 50;
        }
      }
      BOOST_TEST(remove_journal(dir / "hurt").has_value());
    }
  }
  BOOST_TEST(refused > 30u);
  // Lost rows are sent again. That is allowed, but must be rare.
  BOOST_TEST(lost < 8u);
}

BOOST_AUTO_TEST_CASE(a_head_is_read_whole_or_not_at_all) {
  journal_head head{identity, checkpoint(4), {5, 6}, true};
  const auto text = encode_head(head);
  const auto back = decode_head(text);
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST((back->identity == identity));
  BOOST_TEST((back->checkpoint == head.checkpoint));
  BOOST_TEST(back->complete);
  for (size_t n = 0; n < text.size(); ++n)
    BOOST_TEST(!decode_head(text.substr(0, n)).has_value());
  BOOST_TEST(!decode_head(R"({"complete":true})").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
