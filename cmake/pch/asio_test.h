// As asio.h, for the tests of such a folder.
#pragma once

#include <catch2/catch.hpp>

#include "asio.h"
