// Writing: rows behind rows, members in place, streams of arrays in any pieces.
#include "check.hpp"
#include "npstow.hpp"
#include <algorithm>
#include <cerrno>

using npstow::array;
using npstow::status;

namespace {

struct row {
    std::int32_t id;
    float energy;
};
NPSTOW_RECORD(row, id, energy)

void appending()
{
    const std::string path = check::path("rows.npy");
    npstow::save(path, std::vector<row>{{1, 0.5f}});
    npstow::append(path, array::from(std::vector<row>{{2, 1.5f}, {3, 2.5f}}));
    {
        npstow::appender more(path);
        more.push(std::vector<row>{{4, 3.5f}});
        CHECK_THROWS(status::mismatch, "", (more.push(std::vector<int>{5}), 0));
        more.push(array::from(std::vector<row>{{5, 4.5f}}));
        more.commit();
        CHECK(more.rows() == 5);
        // What was not committed is not there.
        more.push(std::vector<row>{{6, 5.5f}});
    }
    CHECK_THROWS(status::io, "absent", (npstow::appender(check::path("absent.npy")), 0));
    const auto all = npstow::load(path).to_vector<row>();
    CHECK(all.size() == 5 && all[4].id == 5 && all[2].energy == 2.5f);
    const std::string before = check::read(path);
    CHECK_THROWS(status::mismatch, "", (npstow::append(path, array::from(std::vector<float>{1})), 0));
    CHECK(check::read(path) == before);
}

void editing()
{
    const std::string path = check::path("edit.npz");
    npstow::fold made;
    made.add("a", std::vector<int>{1}).add("b", std::vector<int>{2}).add("c", std::vector<int>{3});
    made.save(path);
    npstow::editor editor(path);
    editor.replace("a", array::from(std::vector<int>{10})).remove("b").rename("c", "d");
    editor.add("e", array::from(std::vector<int>{5}));
    CHECK_THROWS(status::exists, "", editor.add("d", array::from(std::vector<int>{5})));
    CHECK_THROWS(status::not_found, "none", editor.remove("none"));
    editor.commit();
    const npstow::fold read = npstow::fold::load(path);
    CHECK(read.get("a").to_vector<int>()[0] == 10 && !read.has("b") && !read.has("c"));
    CHECK(read.get("d").to_vector<int>()[0] == 3 && read.get("e").to_vector<int>()[0] == 5);
}

/// Two messages of NP.hh, in pieces of every length.
void streams()
{
    std::string bytes;
    const auto write = [&](const void *piece, std::size_t len) {
        bytes.append(static_cast<const char *>(piece), len);
        return 0;
    };
    const array first = array::from(std::vector<float>{1, 2, 3}), second = array::from(std::vector<int>{4});
    npstow::write_message(write, first, npstow::meta("a:b"));
    npstow::write_message(write, second, npstow::meta());
    for (std::size_t piece = 1; piece <= bytes.size(); piece += piece < 40 ? 1 : 37) {
        npstow::decoder decoder(npstow::stream_form::np);
        std::vector<array> taken;
        std::string text;
        for (std::size_t at = 0; at < bytes.size();) {
            at += decoder.push(bytes.data() + at, std::min(piece, bytes.size() - at));
            npstow::meta beside;
            while (const array one = decoder.take(beside)) {
                taken.push_back(one);
                text += beside.get_or("a", "-");
            }
        }
        decoder.finish();
        const bool right = taken.size() == 2 && taken[0].to_vector<float>()[2] == 3 &&
                           taken[1].to_vector<int>()[0] == 4 && text == "b-";
        if (!right) {
            CHECK(!"a stream in pieces is the stream");
            return;
        }
    }
    npstow::decoder cut(npstow::stream_form::np);
    cut.push(bytes.data(), 50);
    CHECK(!cut.take());
    CHECK_THROWS(status::corrupt, "", (cut.finish(), 0));
    npstow::decoder wrong(npstow::stream_form::npy);
    CHECK_THROWS(status::corrupt, "", wrong.push("this is text, and no array", 26));
    CHECK_THROWS(status::io, "", (npstow::write_message([](const void *, std::size_t) { return EPIPE; },
                                                        first, npstow::meta()), 0));
}

} // namespace

int main(int count, char **arguments)
{
    check::begin(count, arguments);
    appending();
    editing();
    streams();
    return check::end();
}
