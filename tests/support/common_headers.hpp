#pragma once

/// Headers that nearly every suite includes; they are precompiled.
#include <boost/test/unit_test.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>
