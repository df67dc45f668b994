// Writing: rows behind rows, members in place, streams of arrays in any pieces.
#include "check.hpp"
#include "npstow.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>

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
    npstow::append(path, std::vector<row>{{6, 5.5f}});
    npstow::appender last(path);
    CHECK(last.finish() == 6);
    const std::string before = check::read(path);
    CHECK_THROWS(status::mismatch, "",
                 (npstow::append(path, array::from(std::vector<float>{1})), 0));
    CHECK(check::read(path) == before);
}

void new_rows()
{
    const std::string path = check::path("new.npy");
    {
        auto lost = npstow::row_writer::of<row>(path);
        lost.push(std::vector<row>{{1, 1}});
    }
    CHECK_THROWS(status::io, "", npstow::load(path));
    auto writer = npstow::row_writer::of<row>(path);
    for (int at = 0; at < 100; at++) writer.push(std::vector<row>{{at, 0.5f}, {at, 1.5f}});
    CHECK_THROWS(status::mismatch, "", (writer.push(std::vector<float>{1}), 0));
    CHECK(writer.finish() == 200);
    CHECK(npstow::load(path).view<row>()[199].id == 99);
    npstow::row_writer rows(path, "<f4", {2, 2});
    rows.push(array::from(std::vector<float>{1, 2, 3, 4}, {1, 2, 2}));
    CHECK(rows.finish() == 1 && npstow::load(path).desc() == "(1, 2, 2) <f4");
}

void looking_after()
{
    const std::string path = check::path("care.npz");
    npstow::fold made;
    made.add("a", std::vector<int>(1000)).save(path);
    CHECK(npstow::verify(path).empty());
    npstow::editor editor(path);
    npstow::fold more;
    more.add("in/b", std::vector<int>{7});
    editor.add(more).set_meta("a", npstow::meta("unit:mm\n")).remove("a");
    editor.commit();
    const std::size_t before = check::read(path).size();
    npstow::compact(path);
    CHECK(check::read(path).size() < before &&
          npstow::load(path + ":in/b").to_vector<int>()[0] == 7);
    npstow::set_meta(path + ":in/b", npstow::meta("unit:cm\n"));
    CHECK(npstow::open(path).at("in/b").meta().get("unit") == "cm");
    std::string bytes = check::read(path);
    bytes[npstow::open(path).at("in/b").offset()] ^= 1;
    check::write(path, bytes);
    CHECK(npstow::verify(path).size() == 1 && npstow::verify(path)[0].is_error);
    CHECK_THROWS(status::io, "", npstow::verify(check::path("absent")));
    npstow::save(check::path("whole.npy"), std::vector<int>{1});
    CHECK(!npstow::repair(check::path("whole.npy")).empty());

    std::string npy;
    npstow::save_to(
        [&](const void* piece, std::size_t len) {
            npy.append(static_cast<const char*>(piece), len);
            return 0;
        },
        array::from(std::vector<int>{1}));
    CHECK(npy == check::read(check::path("whole.npy")));

    const array given = array::from(std::vector<int>{1, 2, 3});
    const array back = array::from_dlpack(given.to_dlpack());
    CHECK(back.data() == given.data() && back.view<int>()[2] == 3);
    CHECK_THROWS(status::unsupported, "", array::from_strings({"a"}).to_dlpack());
    CHECK_THROWS(status::invalid, "", array::from_dlpack(nullptr));
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
    const auto write = [&](const void* piece, std::size_t len) {
        bytes.append(static_cast<const char*>(piece), len);
        return 0;
    };
    const array first = array::from(std::vector<float>{1, 2, 3}),
                second = array::from(std::vector<int>{4});
    npstow::write_message(write, first, npstow::meta("a:b"), npstow::stream_form::np);
    npstow::write_message(write, second, npstow::meta(), npstow::stream_form::np);
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
    // Received into the decoder's memory.
    npstow::decoder straight(npstow::stream_form::np);
    std::size_t from = 0, arrays = 0;
    while (from < bytes.size()) {
        const auto room = straight.buffer();
        const std::size_t len = std::min({room.size(), bytes.size() - from, straight.wants()});
        std::memcpy(room.data(), bytes.data() + from, len);
        straight.filled(len);
        from += len;
        while (straight.take()) arrays++;
    }
    CHECK(arrays == 2);
    npstow::limits small;
    small.array_nbytes = 4;
    npstow::decoder limited(npstow::stream_form::np, small);
    CHECK_THROWS(status::limit, "", limited.push(bytes.data(), bytes.size()));

    npstow::decoder cut(npstow::stream_form::np);
    cut.push(bytes.data(), 50);
    CHECK(!cut.take());
    CHECK_THROWS(status::corrupt, "", (cut.finish(), 0));
    npstow::decoder wrong(npstow::stream_form::npy);
    CHECK_THROWS(status::corrupt, "", wrong.push("this is text, and no array", 26));
    CHECK_THROWS(status::io, "",
                 (npstow::write_message([](const void*, std::size_t) { return EPIPE; }, first,
                                        npstow::meta(), npstow::stream_form::np),
                  0));
}

} // namespace

int main(int count, char** arguments)
{
    check::begin(count, arguments);
    appending();
    editing();
    new_rows();
    looking_after();
    streams();
    return check::end();
}
