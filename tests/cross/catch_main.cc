// The main function of the tests where no library of Catch2 for the target exists: cross builds.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
