// Structs as records and as rows, and back; fields that lie elsewhere in the file.
#include "check.hpp"
#include "npstow.hpp"
#include <array>
#include <cmath>
#include <cstring>

using npstow::array;
using npstow::status;

namespace geometry {

struct photon {
    float position[3];
    float time;
    std::uint64_t id;
    char name[5];
    bool hit;
};
NPSTOW_RECORD(photon, position, time, id, name, hit)

struct step {
    float position[3], time, direction[3], weight;
};
NPSTOW_ROW(step, float, 2, 4)

struct nested {
    step steps[2];
    std::array<double, 2> energy;
    std::int8_t kind;
};
NPSTOW_RECORD(nested, kind, steps, energy)

} // namespace geometry

namespace {

using geometry::nested;
using geometry::photon;
using geometry::step;

// The same fields as a photon's, in another order, and one more.
struct stored {
    std::int32_t flags;
    bool hit;
    char name[5];
    std::uint64_t id;
    float time;
    float position[3];
};
NPSTOW_RECORD(stored, flags, hit, name, id, time, position)

struct narrow {
    double time;
};
NPSTOW_RECORD(narrow, time)

struct flat {
    float position[2];
};
NPSTOW_RECORD(flat, position)

struct absent {
    int colour;
};
NPSTOW_RECORD(absent, colour)

std::vector<photon> photons()
{
    std::vector<photon> all(3);
    for (std::size_t at = 0; at < all.size(); at++) {
        const auto x = static_cast<float>(at);
        all[at] = photon{{x, x + 1, x + 2}, x / 2, at * 10000000000u, "abcd", at == 1};
        all[at].name[4] = 'e';
    }
    return all;
}

bool same(const photon& a, const photon& b)
{
    return std::memcmp(a.position, b.position, sizeof a.position) == 0 && a.time == b.time &&
           a.id == b.id && std::memcmp(a.name, b.name, 5) == 0 && a.hit == b.hit;
}

template <class Range>
bool same_photons(const Range& read)
{
    const std::vector<photon> all = photons();
    bool right = read.size() == all.size();
    for (std::size_t at = 0; right && at < all.size(); at++) right = same(read[at], all[at]);
    return right;
}

void records()
{
    const char* descr =
        "[('position', '<f4', (3,)), ('time', '<f4'), ('id', '<u8'), ('name', '|S5'), "
        "('hit', '|b1'), ('', '|V2')]";
    CHECK(npstow::descr_of<photon>() == descr);
    npstow::save(check::path("photons.npy"), photons());
    const array read = npstow::load(check::path("photons.npy"));
    CHECK(read.descr() == descr && read.shape() == npstow::shape_type{3});
    CHECK(same_photons(read.view<photon>()));
    CHECK(same_photons(read.to_vector<photon>()));
    CHECK(read.field("time").to_vector<float>() == std::vector<float>{0, 0.5f, 1});
    CHECK(read.field("position").shape() == npstow::shape_type{3, 3});
    CHECK_THROWS(status::not_found, "colour", read.field("colour"));
    CHECK(read.desc().find("(3,) [('position'") == 0);
}

void nested_records()
{
    std::vector<nested> all(2);
    all[1].steps[1].weight = 7;
    all[1].energy = {1, 2};
    all[1].kind = -3;
    const array made = array::from(all);
    CHECK(made.descr() == "[('steps', '<f4', (2, 2, 4)), ('energy', '<f8', (2,)), ('kind', '|i1'), "
                          "('', '|V7')]");
    const auto view = made.view<nested>();
    CHECK(view.size() == 2 && view[1].steps[1].weight == 7 && view[1].kind == -3);
    CHECK(made.field("steps").shape() == npstow::shape_type{2, 2, 2, 4});
}

/// A file of another program's: other places, other order, big-endian, more fields.
void records_by_name()
{
    std::vector<stored> all(3);
    const std::vector<photon> mine = photons();
    for (std::size_t at = 0; at < 3; at++) {
        all[at].flags = -1;
        all[at].hit = mine[at].hit;
        std::memcpy(all[at].name, mine[at].name, 5);
        all[at].id = mine[at].id;
        all[at].time = mine[at].time;
        std::memcpy(all[at].position, mine[at].position, sizeof mine[at].position);
    }
    const array other = array::from(all);
    CHECK_THROWS(status::mismatch, "", other.view<photon>());
    CHECK(same_photons(other.to_vector<photon>()));
    CHECK_THROWS(status::mismatch, "'position' as <f4 of (2,)", other.to_vector<flat>());
    CHECK_THROWS(status::mismatch, "'time' as <f8", other.to_vector<narrow>());
    CHECK_THROWS(status::not_found, "colour", other.to_vector<absent>());
    CHECK_THROWS(status::mismatch, "", array::from(std::vector<int>{1}).to_vector<photon>());

    npstow::save(check::path("bool_field.npy"), other.select(":1"));
    std::string bytes = check::read(check::path("bool_field.npy"));
    bytes[bytes.size() - sizeof(stored) + offsetof(stored, hit)] = 7;
    check::write(check::path("bool_field.npy"), bytes);
    const array odd = npstow::load(check::path("bool_field.npy"));
    CHECK_THROWS(status::mismatch, "bool", odd.view<stored>());
    CHECK_THROWS(status::mismatch, "bool", odd.to_vector<photon>());
}

void rows()
{
    std::vector<step> steps(3);
    steps[2].weight = 9;
    steps[1].direction[0] = 4;
    npstow::save(check::path("steps.npy"), steps);
    const array read = npstow::load(check::path("steps.npy"));
    CHECK(read.desc() == "(3, 2, 4) <f4");
    const auto view = read.view<step>();
    CHECK(view.size() == 3 && view[2].weight == 9 && view[1].direction[0] == 4);
    CHECK(read.to_vector<step>()[2].weight == 9);
    CHECK(read.view<float>().size() == 24 && read.view<float>()[23] == 9);
    CHECK(read.reshape({3, 8}).view<step>()[2].weight == 9);
    CHECK(read.cast(">f4").to_vector<step>()[2].weight == 9);
    CHECK(array::from(steps, {1, 3}).shape() == (npstow::shape_type{1, 3, 2, 4}));
    CHECK(array::from(std::vector<step>()).shape() == (npstow::shape_type{0, 2, 4}));
    CHECK(array::from(std::vector<step>()).view<step>().empty());
    using row = std::array<float, 8>;
    CHECK(read.reshape({3, 8}).view<row>().size() == 3 &&
          read.reshape({3, 8}).view<row>()[2][7] == 9);
    CHECK(array::from(read.reshape({3, 8}).to_vector<row>()).desc() == "(3, 8) <f4");
    CHECK_THROWS(status::mismatch, "rows of shape (8,)", read.reshape({4, 6}).view<row>());
    CHECK_THROWS(status::mismatch, "rows of shape (2, 4)", read.reshape({4, 6}).view<step>());
    CHECK_THROWS(status::mismatch, "rows of shape (2, 4)", read.reshape({4, 6}).to_vector<step>());
    CHECK_THROWS(status::mismatch, "<f8", read.cast<double>().view<step>());
}

/// Room between fields is nobody's data: neither what lies there, nor two different files of the
/// same values.
void room()
{
    std::vector<photon> all(2), same(2);
    std::memset(static_cast<void*>(all.data()), 0xaa, sizeof(photon) * 2);
    std::memset(static_cast<void*>(same.data()), 0x55, sizeof(photon) * 2);
    for (std::vector<photon>* of : {&all, &same})
        for (photon& one : *of) one = photons()[1];
    for (std::size_t at = 0; at < 2; at++) {
        // An assignment may or may not have copied it.
        reinterpret_cast<unsigned char*>(&all[at])[sizeof(photon) - 1] = 0xaa;
        reinterpret_cast<unsigned char*>(&same[at])[sizeof(photon) - 1] = 0x55;
    }
    npstow::save(check::path("all.npy"), all);
    npstow::save(check::path("same.npy"), array::from(same));
    const std::string bytes = check::read(check::path("all.npy"));
    CHECK(bytes == check::read(check::path("same.npy")) && bytes.back() == 0);
    CHECK(array::copy(npstow::span<const photon>(all)).view<photon>()[1].id == all[1].id);

    const auto holes = npstow::detail::holes_in(npstow::detail::type_of<nested>());
    CHECK(holes.size() == 1 && holes[0].first == sizeof(nested) - 7 && holes[0].second == 7);
    CHECK(npstow::detail::holes_in(npstow::detail::type_of<step>()).empty() &&
          npstow::detail::holes_in(npstow::detail::type_of<double>()).empty());
    if (npstow::descr_of<long double>() == "<f16") {
        std::vector<long double> extended{1};
        reinterpret_cast<unsigned char*>(extended.data())[15] = 0xaa;
        const array made = array::from(std::move(extended));
        CHECK(static_cast<const unsigned char*>(made.data())[15] == 0 &&
              made.item<long double>() == 1);
    }
}

void into_memory()
{
    npstow::save(check::path("steps.npy"), std::vector<step>(3));
    npstow::save(check::path("big.npy"), array::from(std::vector<float>{1, 2, 3}).cast(">f4"));
    const npstow::node node = npstow::open(check::path("big.npy")).at("");
    std::vector<float> three(3);
    node.read_into(three);
    CHECK(three == std::vector<float>{1, 2, 3});
    CHECK(node.read_vector<float>() == three);
    std::vector<int> wrong(3);
    CHECK_THROWS(status::mismatch, "<i4", (node.read_into(npstow::span<int>(wrong)), 0));
    std::vector<float> two(2);
    bool refused = false;
    try {
        node.read_into(npstow::span<float>(two));
    } catch (const npstow::error&) {
        refused = true;
    }
    CHECK(refused && two == std::vector<float>(2));
    std::vector<photon> all(3);
    npstow::save(check::path("photons.npy"), photons());
    npstow::open(check::path("photons.npy")).at("").read_into(npstow::span<photon>(all));
    CHECK(same_photons(all));
}

} // namespace

int main(int count, char** arguments)
{
    check::begin(count, arguments);
    records();
    nested_records();
    records_by_name();
    rows();
    room();
    into_memory();
    return check::end();
}
