#include "core/protocol/api_path.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(api_paths)

BOOST_AUTO_TEST_CASE(paths_that_answer_a_question_are_known) {
  for (std::string_view url :
       {"/v1/chat/completions", "/chat/completions/", "/v1/embeddings?x=1", "/v1/completions",
        "/v1/responses", "/v1/moderations", "/v1/rerank", "/v1/messages", "/api/chat",
        "/v1beta/models/m:generateContent", "/v1/images/generations", "/v4/chat/completions",
        "/openai/deployments/d/chat/completions?api-version=1"})
    BOOST_TEST(is_known_path(url), url);
}

BOOST_AUTO_TEST_CASE(files_jobs_and_administration_are_not) {
  for (std::string_view url :
       {"/v1/files", "/v1/batches", "/v1/fine_tuning/jobs", "/v1/organization/admin_api_keys",
        "/api/delete", "/api/pull", "/v1/models/m", "/v1/files?a=/chat/completions", "/",
        "/v1/files/chat/completions", "/v1/chat/completions/../files", "/v1/Admin/responses"})
    BOOST_TEST(!is_known_path(url), url);
}

BOOST_AUTO_TEST_CASE(the_setting_allows_more_paths) {
  BOOST_TEST(!is_allowed_path("/v1/audio/x", ""));
  BOOST_TEST(is_allowed_path("/v1/chat/completions", ""));
  BOOST_TEST(is_allowed_path("/v1/audio/x?y=1", "/v1/audio/*"));
  BOOST_TEST(is_allowed_path("/v2/rank", " /v1/audio/* , /v2/rank "));
  BOOST_TEST(!is_allowed_path("/v2/ranks", "/v1/audio/*,/v2/rank"));
  BOOST_TEST(!is_allowed_path("/v1/files", ",,"));
}

BOOST_AUTO_TEST_SUITE_END()
