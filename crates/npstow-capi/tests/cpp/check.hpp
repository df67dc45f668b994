// What the C++ tests need: checks that go on, and a folder to write into.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string>

namespace check {

inline int passed = 0, failed = 0;
inline std::string folder;

inline void that(bool right, const char* what, const char* file, int line)
{
    ++(right ? passed : failed);
    if (!right) std::fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
}

/// A path in the folder of this run.
inline std::string path(const std::string& name)
{
    return folder + '/' + name;
}

inline std::string read(const std::string& name)
{
    std::string text;
    if (std::FILE* from = std::fopen(name.c_str(), "rb")) {
        char piece[4096];
        while (const std::size_t len = std::fread(piece, 1, sizeof piece, from))
            text.append(piece, len);
        std::fclose(from);
    }
    return text;
}

inline void write(const std::string& name, const std::string& text)
{
    std::FILE* to = std::fopen(name.c_str(), "wb");
    if (!to || std::fwrite(text.data(), 1, text.size(), to) != text.size() ||
        std::fclose(to) != 0) {
        std::fprintf(stderr, "cannot write %s\n", name.c_str());
        std::exit(2);
    }
}

inline void begin(int count, char** arguments)
{
    if (count != 2) {
        std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
        std::exit(2);
    }
    folder = arguments[1];
}

inline int end()
{
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}

} // namespace check

#define CHECK(...) check::that(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

/// That something throws an npstow::error of a status, whose text has all of a piece of text.
#define CHECK_THROWS(want, piece, ...) \
    do { \
        bool right = false; \
        std::string found = "nothing"; \
        try { \
            (void)(__VA_ARGS__); \
        } catch (const npstow::error& error) { \
            found = error.what(); \
            right = error.status() == (want) && found.find(piece) != std::string::npos; \
        } \
        check::that(right, (#__VA_ARGS__ " throws, found: " + found).c_str(), __FILE__, __LINE__); \
    } while (false)
