#pragma once

#include <string>

namespace penstock::cli {

/// The help of `penstock mock` in addition to its options: endpoints, answers, the syntax and the
/// list of faults, examples.
std::string mock_footer();

} // namespace penstock::cli
