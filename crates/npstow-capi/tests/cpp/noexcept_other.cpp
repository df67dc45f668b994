// The part of noexcept.cpp that has exceptions: the two must not take each other's functions.
#include "npstow.hpp"

int with_exceptions(const char* path)
{
    int found = 0;
    try {
        npstow::load(path);
    } catch (const npstow::error& error) {
        found += error.status() == npstow::status::io ? 7 : 0;
    }
    try {
        npstow::fold().get("none");
    } catch (const npstow::error& error) {
        found += static_cast<int>(error.status());
    }
    return found;
}
