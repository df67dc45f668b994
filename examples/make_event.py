#!/usr/bin/env python3
"""Makes the small event in examples/data: light from one charged track in a water sphere with light sensors on its wall.

    make_event.py [OUT]         (default: data/ beside this script)

Our own toy, for the README and the tests: the optics are plausible, no experiment looks like this. All numbers follow from SEED.

  energy.npy   float64 (64, 2)       photon energy in eV, emission strength (sum 1)
  photons.npy  float32 (n, 4, 4)     rows: x y z (mm) time (ns) | direction, weight | polarisation, wavelength (nm) | id, step of origin, process, flags
  hits.npy     record (k,)           the photons that a sensor counted, in order of time
  names.npy    str (m,)              names of the sensors; hits['pmt'] is an index into it
"""
import os
import sys

import numpy as np

SEED = 20240614
PHOTONS = 512
SENSORS = 96
RADIUS = 2000.0  # mm, of the wall
APERTURE = 220.0  # mm, a photon nearer than this to a sensor's centre meets it
EFFICIENCY = 0.85
C = 299.792458  # mm/ns
HC = 1239.841984  # eV nm
SCINTILLATION, CHERENKOV = 1, 2
CREATED, REACHED_WALL, COUNTED = 1, 2, 4

HIT = np.dtype(
    [("id", "<u4"), ("pmt", "<i2"), ("flags", "u1"), ("saturated", "?"), ("time", "<f4"), ("charge", "<f4"), ("pos", "<f4", (3,))]
)


def refractive_index(nm):
    """Cauchy's formula with round numbers for water."""
    return 1.324 + 3046.0 / nm**2


def energy_table():
    energy = np.linspace(2.0, 3.6, 64)
    strength = np.exp(-0.5 * ((energy - 2.9) / 0.22) ** 2) + 0.15 * np.exp(-0.5 * ((energy - 2.5) / 0.1) ** 2)
    return np.column_stack([energy, strength / strength.sum()])


def sensors():
    """Centres spread evenly over the wall (a Fibonacci lattice)."""
    i = np.arange(SENSORS) + 0.5
    z, turn = 1 - 2 * i / SENSORS, np.pi * (1 + 5**0.5) * i
    rim = np.sqrt(1 - z**2)
    return RADIUS * np.column_stack([rim * np.cos(turn), rim * np.sin(turn), z])


def sensor_names(centres):
    return np.array([f"{'north' if z > 0 else 'south'}/{i:02d}" for i, z in enumerate(centres[:, 2])])


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def directions(random, axis, process, cosine):
    """Isotropic for scintillation, on the Cherenkov cone about the track otherwise."""
    isotropic = unit(random.normal(size=(PHOTONS, 3)))
    side = unit(np.cross(axis, random.normal(size=(PHOTONS, 3))))
    cone = cosine[:, None] * axis + np.sqrt(1 - cosine**2)[:, None] * side
    return np.where((process == CHERENKOV)[:, None], cone, isotropic)


def photons(random, table):
    ev = random.choice(table[:, 0], PHOTONS, p=table[:, 1]) + random.uniform(-0.0125, 0.0125, PHOTONS)
    nm = HC / ev
    index = refractive_index(nm)
    process = random.choice([SCINTILLATION, CHERENKOV], PHOTONS, p=[0.7, 0.3])
    axis = np.array([0.36, 0.48, 0.8])
    step = random.integers(0, 40, PHOTONS)
    start = np.array([-250.0, 100.0, -400.0]) + np.outer(step * 20.0 + random.uniform(0, 20, PHOTONS), axis)
    decay = np.where(process == SCINTILLATION, random.exponential(26.0, PHOTONS), 0.0)
    ray = directions(random, axis, process, 1 / index)
    along = np.einsum("ij,ij->i", start, ray)
    length = -along + np.sqrt(along**2 + RADIUS**2 - np.einsum("ij,ij->i", start, start))
    survives = random.uniform(size=PHOTONS) < np.exp(-length / 30000.0)
    length = np.where(survives, length, length * random.uniform(size=PHOTONS))
    p = np.zeros((PHOTONS, 4, 4), "<f4")
    p[:, 0, :3] = start + length[:, None] * ray
    p[:, 0, 3] = step * 20.0 / C + decay + length * index / C
    p[:, 1, :3], p[:, 1, 3] = ray, np.exp(-length / 30000.0)
    p[:, 2, :3] = unit(np.cross(ray, random.normal(size=(PHOTONS, 3))))
    p[:, 2, 3] = nm
    p[:, 3, 0], p[:, 3, 1], p[:, 3, 2] = np.arange(PHOTONS), step, process
    p[:, 3, 3] = np.where(survives, CREATED | REACHED_WALL, CREATED)
    return p


def count_hits(random, p, centres):
    distance = np.linalg.norm(p[:, None, 0, :3] - centres, axis=2)
    nearest = distance.argmin(axis=1)
    met = (distance.min(axis=1) < APERTURE) & (p[:, 3, 3].astype(int) & REACHED_WALL > 0)
    counted = met & (random.uniform(size=PHOTONS) < EFFICIENCY)
    p[counted, 3, 3] += COUNTED
    hits = np.zeros(counted.sum(), HIT)
    hits["id"], hits["pmt"] = p[counted, 3, 0], nearest[counted]
    hits["flags"] = p[counted, 3, 3]
    hits["time"] = p[counted, 0, 3] + random.normal(0, 0.6, hits.size)
    hits["charge"] = random.normal(1.0, 0.3, hits.size).clip(0.1)
    hits["saturated"] = hits["charge"] > 1.6
    hits["pos"] = p[counted, 0, :3]
    return hits[np.argsort(hits["time"], kind="stable")]


def main():
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    out = sys.argv[1] if len(sys.argv) > 1 else here
    os.makedirs(out, exist_ok=True)
    random = np.random.Generator(np.random.PCG64(SEED))
    table, centres = energy_table(), sensors()
    light = photons(random, table)
    event = {"energy": table, "photons": light, "hits": count_hits(random, light, centres), "names": sensor_names(centres)}
    total = 0
    for name, array in event.items():
        path = os.path.join(out, name + ".npy")
        np.save(path, array)
        total += os.path.getsize(path)
        print(f"{name}.npy  {array.dtype.str if array.dtype.names is None else array.dtype.descr}  {array.shape}")
    print(f"{total} bytes by NumPy {np.__version__}, seed {SEED}")


if __name__ == "__main__":
    main()
