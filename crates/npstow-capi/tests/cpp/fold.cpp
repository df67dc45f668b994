// Folds: NPFold's verbs, typed metadata, what is shared and what is apart.
#include "check.hpp"
#include "npstow.hpp"
#include <cstdint>
#include <limits>

using npstow::array;
using npstow::fold;
using npstow::meta;
using npstow::status;
using names = std::vector<std::string>;

namespace {

array ones(std::size_t rows, float value = 1)
{
    return array::from(std::vector<float>(rows * 4, value), {rows, 4});
}

void verbs()
{
    fold made;
    CHECK(made && made.size() == 0 && made.desc() == "0 arrays, 0 folds");
    made.add("photon", ones(3)).add("hit.npy", ones(2)).add(7, ones(1), 'k');
    CHECK(made.names() == (names{"photon", "hit", "k007"}));
    CHECK(made.has("hit") && made.has("photon.npy") && !made.has("seed") &&
          !made.has_subfold("hit"));
    CHECK(made.has_all("photon,hit") && !made.has_all("photon,seed"));
    CHECK(made.get("hit.npy").shape() == (npstow::shape_type{2, 4}));
    CHECK(!made.get_optional("seed") && made.get_optional("hit"));
    CHECK_THROWS(status::not_found, "seed", made.get("seed"));
    CHECK_THROWS(status::exists, "hit", made.add("hit", ones(1)));
    CHECK_THROWS(status::invalid, "", made.add("none", array()));
    CHECK(made.set("hit", ones(5))["hit"].shape()[0] == 5);
    CHECK(made.descr("hit") == "<f4" && made.shape("hit") == (npstow::shape_type{5, 4}));
    CHECK(made.remove("k007") && !made.remove("k007"));
    CHECK(made.desc() == "2 arrays, 0 folds: photon (3, 4) <f4, hit (5, 4) <f4");
    std::string seen;
    for (const auto& [name, array] : made) seen += name + ' ' + array.desc() + ", ";
    CHECK(seen == "photon (3, 4) <f4, hit (5, 4) <f4, ");
}

void subfolds()
{
    fold made;
    fold sub = made.add_subfold("sub");
    CHECK(made.add_subfold().path() == "f001");
    // A subfold is part of its fold.
    sub.add("seed", std::vector<int>{1, 2});
    sub.add_subfold("deep").add("x", ones(1));
    CHECK(made.has("sub/seed") && made.get_subfold("sub").get_subfold("deep").has("x"));
    CHECK(made.arrays() == (names{"sub/seed", "sub/deep/x"}));
    CHECK(made.get("sub/deep/x").size() == 4 && made.has_subfold("sub") && !made.has("sub"));
    CHECK(made.subfolds() == (names{"sub", "f001"}) && made.names().empty());
    CHECK_THROWS(status::not_found, "none", made.get_subfold("none"));
    CHECK_THROWS(status::exists, "sub", made.add_subfold("sub"));
    // A copy shares it, deepcopy does not.
    fold shared = made, apart = made.deepcopy();
    shared.add("y", ones(1));
    CHECK(made.has("y") && !apart.has("y") && apart.has("sub/deep/x"));
    fold part = sub.deepcopy();
    part.remove("seed");
    CHECK(made.has("sub/seed") && part.path().empty() && part.has("deep/x"));
    // What is added is a copy.
    fold other;
    other.add("x", ones(1));
    fold added = made.add_subfold("other", other);
    other.add("later", ones(1));
    CHECK(added.has("x") && !added.has("later"));
    CHECK(made.find_all("**/x") == (names{"sub/deep/x", "other/x"}));
    CHECK(made.select("sub/seed").find_all("**") == (names{"sub", "sub/seed"}));
    made.clear_subfolds();
    CHECK(made.subfolds().empty() && made.has("y"));
    made.clear();
    CHECK(made.names().empty());
}

void metadata()
{
    fold made;
    made.add("hit", ones(2));
    made.set_meta("count", 7).set_meta("name", "a: b").set_meta("ok", true);
    made.set_meta("pi", 3.141592653589793).set_meta("third", 0.1f);
    made.set_meta("big", std::numeric_limits<std::uint64_t>::max())
        .set_meta("low", std::int64_t(-5));
    CHECK(made.get_meta<int>("count") == 7 && made.get_meta("name") == "a: b");
    CHECK(made.get_meta<bool>("ok") && made.get_meta<double>("pi") == 3.141592653589793);
    CHECK(made.get_meta<float>("third") == 0.1f && made.get_meta("third") == "0.1");
    CHECK(made.get_meta<std::uint64_t>("big") == std::numeric_limits<std::uint64_t>::max());
    CHECK(made.get_meta<std::int64_t>("low") == -5 && made.get_meta<signed char>("low") == -5);
    CHECK_THROWS(status::mismatch, "low", made.get_meta<std::uint64_t>("low"));
    CHECK_THROWS(status::mismatch, "low", made.get_meta<unsigned>("low"));
    CHECK_THROWS(status::mismatch, "name", made.get_meta<int>("name"));
    CHECK_THROWS(status::mismatch, "name", made.get_meta<double>("name"));
    CHECK_THROWS(status::mismatch, "count", made.get_meta<bool>("count"));
    CHECK_THROWS(status::mismatch, "", made.get_meta<std::int64_t>("big"));
    CHECK_THROWS(status::not_found, "none", made.get_meta<int>("none"));
    CHECK(made.get_meta_or("none", 5) == 5 && made.get_meta_or("count", 5) == 7);
    CHECK(made.get_meta_or<std::string>("none", "x") == "x");
    CHECK_THROWS(status::mismatch, "name", made.get_meta_or("name", 5));
    CHECK_THROWS(status::invalid, "", made.set_meta("a:b", 1));
    CHECK_THROWS(status::invalid, "", made.set_meta("a", "two\nlines"));
    made.set_meta("count", 8);
    CHECK(made.get_meta<int>("count") == 8 && made.meta().key(0) == "count");

    meta beside;
    beside.set("unit", "mm").set_names({"first", "second"}).set_labels({"x", "y", "z", "t"});
    made.set_meta("hit", beside);
    CHECK(made.meta("hit").get("unit") == "mm" && made.meta("hit").names().size() == 2);
    meta copy = beside;
    copy.set("unit", "cm").remove("none");
    CHECK(beside.get("unit") == "mm" && copy.get("unit") == "cm" && copy.remove("unit").empty());

    made.save(check::path("meta"));
    const fold read = fold::load(check::path("meta"));
    CHECK(read.meta().text() == made.meta().text());
    CHECK(read.meta("hit").labels() == (names{"x", "y", "z", "t"}));
    CHECK(read.get_meta<double>("pi") == 3.141592653589793);
}

fold run()
{
    fold made;
    for (int at = 0; at < 3; at++) {
        fold event = made.add_subfold("A00" + std::to_string(at));
        event.add("genstep", ones(1));
        if (at != 1)
            event.add("hit", ones(static_cast<std::size_t>(at) + 2, static_cast<float>(at)));
    }
    made.add_subfold("B000").add("hit", ones(9));
    return made;
}

void tables()
{
    const npstow::row_counts counts = run().subcount("A");
    CHECK(counts.folds == (names{"A000", "A001", "A002"}));
    CHECK(counts.names == (names{"genstep", "hit"}));
    CHECK(counts.values == (std::vector<std::int64_t>{1, 2, 1, -1, 1, 4}));
    CHECK(counts.get(2, 1) == 4 && run().subcount("").folds.size() == 4);
}

void joining()
{
    fold made = run();
    CHECK_THROWS(status::mismatch, "hit",
                 fold::concat({made.get_subfold("A000"), made.get_subfold("A001")},
                              npstow::notes_policy::drop));
    const fold two = fold::concat({made.get_subfold("A000"), made.get_subfold("A002")},
                                  npstow::notes_policy::drop);
    CHECK(two.get("hit").shape()[0] == 6 && two.get("hit").view<float>()[23] == 2);
    made.concat();
    CHECK(made.get("hit").shape() == (npstow::shape_type{15, 4}) &&
          made.get("genstep").shape()[0] == 3);
    CHECK_THROWS(status::exists, "genstep", made.concat());
    CHECK_THROWS(status::invalid, "", fold::concat({}, npstow::notes_policy::drop));

    // Folds in the folds are joined, too, and refused as a whole where a name is taken.
    fold deep;
    for (const char* name : {"f000", "f001"}) {
        fold part = deep.add_subfold(name);
        part.add("x", ones(1)).add("in/y", ones(2)).set_meta("in/y", meta("unit:mm\n"));
    }
    deep.concat();
    CHECK(deep.arrays() == (names{"f000/x", "f000/in/y", "f001/x", "f001/in/y", "x", "in/y"}));
    CHECK(deep.get("in/y").shape()[0] == 4 && deep.meta("in/y").get("unit") == "mm");
    deep.remove("x");
    CHECK_THROWS(status::exists, "in", deep.concat());
    CHECK(!deep.has("x"));
}

void comparing()
{
    const fold a = run();
    fold b = run();
    CHECK(fold::compare(a, b).is_same() && fold::compare(a, b).compared == 6);
    b.set("A000/hit", ones(2, 1e-6f));
    const npstow::comparison found = fold::compare(a, b);
    CHECK(!found.is_same() && found.differences[0].path == "A000/hit");
    npstow::tolerance loose;
    loose.absolute = 1e-3;
    CHECK(fold::compare(a, b, loose).is_same());
    b.set_meta("run", 1);
    CHECK(!fold::compare(a, b, loose).is_same());
    loose.meta = false;
    CHECK(fold::compare(a, b, loose).is_same());
    b.remove("B000");
    CHECK(!fold::compare(a, b, loose).is_same());
    CHECK(fold::compare(a.get_subfold("A001"), b.get_subfold("A001")).is_same());
}

void on_disk()
{
    const fold made = run();
    for (const char* name : {"run", "run.npz"}) {
        made.save(check::path(name));
        CHECK(fold::compare(made, fold::load(check::path(name))).is_same());
        const fold lazy = fold::load_nodata(check::path(name));
        CHECK(lazy.descr("A002/hit") == "<f4" && lazy.shape("A002/hit")[0] == 4);
        CHECK(lazy.subcount("A").values == made.subcount("A").values);
        CHECK(lazy.get("A002/hit").view<float>()[0] == 2);
    }
    npstow::save_options small;
    small.level = 9;
    made.save(check::path("small.npz"), small);
    CHECK(check::read(check::path("small.npz")).size() <
          check::read(check::path("run.npz")).size());
    made.get_subfold("A000").save(check::path("A000"));
    CHECK(fold::load(check::path("A000")).names() == (names{"genstep", "hit"}));
    npstow::save_options growing;
    growing.libver = "latest";
    growing.resizable = true;
    made.save(check::path("growing.h5"), growing);
    CHECK(check::read(check::path("growing.h5"))[8] == 3);
    const auto hit = made.get("A002/hit");
    npstow::append(check::path("growing.h5") + ":A002/hit", hit);
    CHECK(fold::load(check::path("growing.h5")).shape("A002/hit")[0] == 8);
    npstow::save_options npfold;
    npfold.npfold = true;
    made.save(check::path("npfold"), npfold);
    CHECK(check::read(check::path("npfold/A000/NPFold_index.txt")) == "genstep.npy\nhit.npy\n");
    fold odd;
    odd.add("text", array::from_strings({"a"}));
    CHECK_THROWS(status::unsupported, "", (odd.save(check::path("odd"), npfold), 0));
    CHECK_THROWS(status::io, "absent", fold::load(check::path("absent")));
    CHECK_THROWS(status::unsupported, "nonsense",
                 (made.save(check::path("x.npz"), {"nonsense"}), 0));
}

// What is called like a file of NPFold's is had by its name all the same.
void endings()
{
    fold made;
    made.add("x", array::scalar(1)).add("x.npy.npy", array::scalar(2));
    CHECK((made.names() == std::vector<std::string>{"x", "x.npy"}));
    CHECK(made.get("x").item<int>() == 1 && made.get("x.npy").item<int>() == 2);
    int sum = 0;
    for (const auto& [name, one] : made) sum += one.item<int>() * (name == "x" ? 1 : 10);
    CHECK(sum == 21 && made.remove("x.npy") && made.get("x.npy").item<int>() == 1);
}

} // namespace

int main(int count, char** arguments)
{
    check::begin(count, arguments);
    verbs();
    subfolds();
    metadata();
    tables();
    joining();
    comparing();
    on_disk();
    endings();
    return check::end();
}
