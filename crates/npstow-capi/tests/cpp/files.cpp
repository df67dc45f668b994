// Open files: looking, reading, slices, sources and sinks of one's own, errors that say where.
#include "check.hpp"
#include "npstow.hpp"
#include <atomic>
#include <cstring>
#include <stdexcept>
#include <thread>

using npstow::array;
using npstow::file;
using npstow::fold;
using npstow::node;
using npstow::status;

namespace {

fold event()
{
    fold made;
    made.add("photon", array::from(std::vector<float>(40, 0.5f), {10, 4}));
    made.add("hit", std::vector<int>{7, 8, 9});
    made.add_subfold("sub").add("seed", std::vector<double>{1, 2});
    made.set_meta("run", 7);
    made.set_meta("hit", npstow::meta("origin:here\n"));
    return made;
}

void looking(const std::string& path, const char* format)
{
    const file opened = npstow::open(path);
    CHECK(opened.format() == format && opened.path() == path);
    CHECK(opened.arrays() == (std::vector<std::string>{"photon", "hit", "sub/seed"}));
    const node root = opened.root();
    CHECK(root.is_group() && !root.is_array());
    CHECK(root.names() == (std::vector<std::string>{"photon", "hit", "sub"}));
    CHECK(root.has("sub/seed") && !root.has("sub/none"));
    CHECK(root.find_all("**/seed,h*") == (std::vector<std::string>{"hit", "sub/seed"}));
    std::string names;
    for (const node& child : root) names += child.name() + ' ';
    CHECK(names == "photon hit sub ");
    CHECK(root.at("sub").at("seed").read_vector<double>() == (std::vector<double>{1, 2}));
    CHECK(root.meta().get<int>("run") == 7 && opened.at("hit").meta().get("origin") == "here");

    CHECK(root.at("sub").load().arrays() == std::vector<std::string>{"seed"});
    CHECK(root.load_nodata().shape("photon")[0] == 10 && root.at("sub/seed").name() == "seed");
    CHECK(root.at("sub/seed").path() == "sub/seed");

    const node photon = opened.at("photon");
    CHECK(photon.is_array() && photon.descr() == "<f4" && photon.nbytes() == 160);
    CHECK(photon.shape() == (npstow::shape_type{10, 4}) && photon.order() == npstow::order::c);
    CHECK(photon.desc() == "photon (10, 4) <f4" && root.at("sub").desc() == "sub group of 1");
    CHECK(photon.read().view<float>()[39] == 0.5f);
    CHECK(photon.slice("-1, ::2").shape() == npstow::shape_type{2});
    CHECK(photon.digest().size() == 64 && photon.digest() != opened.at("hit").digest());
    CHECK(photon.read(npstow::byte_order::native, npstow::order::fortran)
              .is_contiguous(npstow::order::fortran));
    CHECK_THROWS(status::not_found, "none", opened.at("none"));
    CHECK_THROWS(status::not_found, "none", root.at("sub/none"));
    CHECK_THROWS(status::invalid, "", node().read());
    CHECK_THROWS(status::invalid, "", file().root());
}

void records_in_bands()
{
    const node photon = npstow::open(check::path("event.npz")).at("photon");
    std::size_t rows = 0, bands = 0;
    npstow::records records = photon.records(4);
    for (const array& band : records) {
        rows += band.shape()[0];
        bands++;
        CHECK(band.view<float>()[0] == 0.5f);
    }
    CHECK(rows == 10 && bands == 3);
    npstow::records again = photon.records(0);
    CHECK(again.next().shape()[0] == 10 && !again.next() && !again.next());
}

void places()
{
    CHECK(npstow::load(check::path("event.npz") + ":hit").to_vector<int>()[2] == 9);
    CHECK(npstow::load(check::path("event") + ":sub/seed").to_vector<double>()[1] == 2);
    CHECK(npstow::load(check::path("event") + "/hit.npy").to_vector<int>()[0] == 7);
    CHECK(npstow::open(check::path("event.npz")).at("photon").view().view<float>().size() == 40);
    const node stored = npstow::open(check::path("event.npz")).at("hit");
    const std::string bytes = check::read(check::path("event.npz"));
    std::int32_t first = 0;
    std::memcpy(&first, bytes.data() + stored.offset(), sizeof first);
    CHECK(first == 7 && stored.stored_nbytes() >= 12);
}

void sources()
{
    const std::string bytes = check::read(check::path("event.npz"));
    const auto view = npstow::source::borrow(bytes.data(), bytes.size());
    CHECK(npstow::open(view, "borrowed.npz").at("hit").read_vector<int>()[1] == 8);
    const auto own = npstow::source::from_memory(std::vector<char>(bytes.begin(), bytes.end()));
    CHECK(npstow::open(own, "own.npz").load().get("hit").to_vector<int>()[1] == 8);
    const auto path = npstow::source::from_path(check::path("event.npz"));
    CHECK(npstow::open(path, "path.npz").at("sub/seed").read_vector<double>()[0] == 1);

    std::atomic<int> calls{0};
    array kept;
    {
        const auto read_at = [&](std::uint64_t offset, void* to, std::size_t len) {
            calls++;
            if (offset > bytes.size() || len > bytes.size() - offset) return EINVAL;
            std::memcpy(to, bytes.data() + offset, len);
            return 0;
        };
        const auto called = npstow::source::from_reader(bytes.size(), read_at);
        kept = npstow::open(called, "called.npz").at("photon").read();
    }
    CHECK(calls > 0 && kept.view<float>().size() == 40);

    const auto broken = npstow::source::from_reader(
        bytes.size(), [](std::uint64_t, void*, std::size_t) -> int { return ENOSPC; });
    try {
        npstow::open(broken, "broken.npz").at("photon").read();
        CHECK(false);
    } catch (const npstow::error& error) {
        CHECK(error.status() == status::io && error.system_error() == ENOSPC);
        CHECK(error.path() == "broken.npz");
    }
    const auto throwing =
        npstow::source::from_reader(bytes.size(), [](std::uint64_t, void*, std::size_t) -> int {
            throw std::runtime_error("no");
        });
    CHECK_THROWS(status::io, "", npstow::open(throwing, "throwing.npz").at("photon").read());
}

void sinks()
{
    std::string bytes;
    event().save_to(
        [&](const void* piece, std::size_t len) {
            bytes.append(static_cast<const char*>(piece), len);
            return 0;
        },
        {"npz"});
    const auto source = npstow::source::borrow(bytes.data(), bytes.size());
    CHECK(npstow::open(source, "sink.npz").at("hit").read_vector<int>()[2] == 9);
    CHECK_THROWS(status::io, "",
                 (event().save_to([](const void*, std::size_t) { return ENOSPC; }, {"npz"}), 0));
    // What a sink throws arrives as it was thrown.
    std::string thrown;
    try {
        event().save_to([](const void*, std::size_t) -> int { throw std::runtime_error("mine"); },
                        {"npz"});
    } catch (const std::runtime_error& error) {
        thrown = error.what();
    }
    CHECK(thrown == "mine");
}

void errors()
{
    CHECK_THROWS(status::io, "absent.npy", npstow::open(check::path("absent.npy")));
    npstow::save(check::path("whole.npy"), std::vector<float>(100));
    const std::string whole = check::read(check::path("whole.npy"));
    // Cut anywhere, it is an error, never a part.
    for (std::size_t len = 0; len < whole.size(); len++) {
        check::write(check::path("cut.npy"), whole.substr(0, len));
        npstow::error error;
        const array none = npstow::load(check::path("cut.npy"), error);
        if (none || !error || error.path() != check::path("cut.npy")) {
            CHECK(!"a part of a file was taken for an array");
            break;
        }
    }
    try {
        check::write(check::path("cut.npy"), whole.substr(0, 200));
        npstow::load(check::path("cut.npy"));
        CHECK(false);
    } catch (const std::exception& error) {
        CHECK(std::strstr(error.what(), "cut.npy") != nullptr);
    }
    std::string bytes = check::read(check::path("event.npz"));
    bytes[npstow::open(check::path("event.npz")).at("hit").offset()] ^= 1;
    check::write(check::path("broken.npz"), bytes);
    try {
        npstow::load(check::path("broken.npz") + ":hit");
        CHECK(false);
    } catch (const npstow::error& error) {
        CHECK(error.status() == status::corrupt && error.member() == "hit" && error.offset());
        CHECK(error.path() == check::path("broken.npz"));
    }
    npstow::limits small;
    small.array_nbytes = 10;
    CHECK_THROWS(status::limit, "", npstow::open(check::path("whole.npy"), small).at("").read());

    npstow::error error;
    npstow::load(check::path("absent.npy"), error);
    CHECK(error && error.status() == status::io && error.system_error() == ENOENT);
    const npstow::error copy = error;
    npstow::load(check::path("whole.npy"), error);
    CHECK(!error && error.status() == status::ok && copy.system_error() == ENOENT);
}

void threads()
{
    const file opened = npstow::open(check::path("event.npz"));
    const array shared = opened.at("hit").read();
    std::atomic<int> right{0};
    std::vector<std::thread> all;
    for (int at = 0; at < 8; at++)
        all.emplace_back([&right, opened, shared] {
            for (int turn = 0; turn < 50; turn++) {
                const array copy = shared;
                right +=
                    opened.at("photon").read().view<float>()[3] == 0.5f && copy.view<int>()[1] == 8;
            }
        });
    for (std::thread& one : all) one.join();
    CHECK(right == 400);
}

} // namespace

int main(int count, char** arguments)
{
    check::begin(count, arguments);
    event().save(check::path("event.npz"));
    event().save(check::path("event"));
    looking(check::path("event.npz"), "npz");
    looking(check::path("event"), "folder");
    records_in_bands();
    places();
    sources();
    sinks();
    errors();
    threads();
    return check::end();
}
