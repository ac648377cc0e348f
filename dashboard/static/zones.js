/** The zones of an order as forms beside a map. Everything that can be drawn by clicks can also be typed. */

import { button, choice, el, field, refill, setFault } from "./dom.js";
import { Pencil, zoneLayer } from "./map.js";
import { t } from "./words.js";

const SHAPES = { Point: "circle", Polygon: "polygon", LineString: "corridor" };
const WIDTH_M = 200; // of a new corridor: a street with both its sides
const RADIUS_M = 300;
const BUFFER_M = 200;
const FIELDS = { geojson: "points", circle: "points", "circle.radius_m": "size", radius_m: "size", width_m: "size", geometry: "points" };

export class ZoneEditor {
  constructor(map) {
    this.map = map;
    this.zones = [];
    this.pencil = new Pencil(map, (points) => this.drawing?.setPoints(points));
    this.layers = [];
    this.list = el("div", {});
    const file = el("input", { type: "file", accept: ".geojson,.json,application/geo+json" });
    file.addEventListener("change", () => this.import(file));
    const add = ["circle", "polygon", "corridor"].map((shape) => button(`+ ${t(`zone.${shape}`)}`, () => this.add(shape)));
    this.fault = el("p", { class: "fault", role: "alert" });
    this.node = el("fieldset", {}, el("legend", {}, t("zones")), this.list, el("div", { class: "row-of-buttons" }, add), field(t("zone.import"), file, { hint: t("zone.import.hint") }), this.fault);
  }

  /** Show these zones of an order. */
  load(zones) {
    this.pencil.take(null);
    this.drawing = null;
    this.zones = (zones ?? []).map((zone) => new ZoneForm(this, zone));
    this.redraw();
    this.pencil.look(this.layers);
  }

  add(shape) {
    const id = `z${this.zones.length + 1}`;
    const zone = new ZoneForm(this, { id, kind: "exclusion", buffer_m: BUFFER_M, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, schedule: null }, shape);
    this.zones.push(zone);
    this.redraw();
    this.draw(zone);
    zone.id.focus();
  }

  remove(zone) {
    this.zones = this.zones.filter((one) => one !== zone);
    if (this.drawing === zone) this.draw(null);
    this.redraw();
  }

  /** Take the pencil for a zone, or put it away. */
  draw(zone) {
    this.drawing = zone;
    for (const one of this.zones) one.setDrawing(one === zone);
    this.pencil.take(zone?.shape ?? null, zone?.points() ?? [], zone?.metres() ?? 0);
    this.redrawMap();
  }

  redraw() {
    refill(this.list, this.zones.map((zone) => zone.node));
    this.redrawMap();
  }

  redrawMap() {
    for (const layer of this.layers) layer.remove();
    const shown = this.zones.filter((zone) => zone !== this.drawing && zone.hasPlace());
    this.layers = shown.map((zone) => zoneLayer(this.map, { geometry: zone.geometry(), properties: zone.value() }).addTo(this.map));
  }

  /** Take the features of a file as further zones. */
  async import(file) {
    this.fault.textContent = "";
    try {
      const { features } = JSON.parse(await file.files[0].text());
      for (const { geometry, properties } of features) {
        this.zones.push(new ZoneForm(this, { kind: "exclusion", buffer_m: 0, timezone: "UTC", ...properties, id: properties?.id ?? `z${this.zones.length + 1}`, geometry }));
      }
    } catch {
      this.fault.textContent = t("zone.import.fault");
    }
    file.value = "";
    this.redraw();
    this.pencil.look(this.layers);
  }

  value() {
    return this.zones.map((zone) => zone.value());
  }

  /** Show a fault at its field. Returns false where there is no such zone or field. */
  setFault(index, key, message) {
    return this.zones[index]?.setFault(key, message) ?? false;
  }
}

class ZoneForm {
  constructor(editor, zone, shape = null) {
    this.editor = editor;
    this.given = zone;
    this.shape = shape ?? shapeOf(zone.geometry);
    this.id = el("input", { value: zone.id, maxlength: 64, autocomplete: "off" });
    this.kind = choice(["exclusion", "inclusion"].map((kind) => [kind, t(`zone.${kind}`)]), zone.kind);
    this.places = el("textarea", { rows: 3, spellcheck: "false", value: textOf(pointsOf(zone.geometry)) });
    const size = this.shape === "corridor" ? (zone.width_m ?? WIDTH_M) : (zone.radius_m ?? RADIUS_M);
    this.size = metresField(size);
    this.buffer_m = metresField(zone.buffer_m ?? 0);
    this.timezone = el("input", { value: zone.timezone ?? "UTC", autocomplete: "off" });
    this.schedule = el("input", { value: zone.schedule ?? "", autocomplete: "off" });
    for (const input of [this.places, this.size, this.buffer_m]) input.addEventListener("input", () => this.typed());
    this.pen = button("", () => editor.draw(editor.drawing === this ? null : this));
    this.node = this.build();
    this.setDrawing(false);
  }

  build() {
    const sized = this.shape === "circle" || this.shape === "corridor";
    const where = this.shape
      ? [field(t("zone.points"), this.places, { hint: t(`zone.hint.${this.shape}`) }), sized && field(t(this.shape === "circle" ? "zone.radius" : "zone.width"), this.size)]
      : [el("p", { class: "hint" }, t("zone.other"))];
    const remove = button(t("zone.remove"), () => this.editor.remove(this));
    const buttons = el("div", { class: "row-of-buttons" }, this.shape && this.pen, remove);
    const pair = (...fields) => el("div", { class: "pair" }, ...fields);
    return el(
      "fieldset",
      { class: "zone-form" },
      el("legend", {}, t(`zone.${this.shape ?? "area"}`)),
      pair(field(t("zone.id"), this.id), field(t("zone.kind"), this.kind)),
      where,
      pair(field(t("zone.buffer"), this.buffer_m), field(t("zone.timezone"), this.timezone)),
      field(t("zone.schedule"), this.schedule, { hint: t("zone.schedule.hint") }),
      buttons,
    );
  }

  setDrawing(drawing) {
    this.pen.textContent = t(drawing ? "zone.drawn" : "zone.draw");
    this.pen.setAttribute("aria-pressed", String(drawing));
  }

  setPoints(points) {
    this.places.value = textOf(points);
  }

  typed() {
    if (this.editor.drawing === this) this.editor.pencil.take(this.shape, this.points(), this.metres());
    else this.editor.redrawMap();
  }

  points() {
    const lines = this.places.value.split("\n").map((line) => line.split(/[,;\s]+/).filter(Boolean).map(Number));
    return lines.filter((pair) => pair.length === 2 && pair.every(Number.isFinite));
  }

  metres() {
    return Number(this.size.value) || 0;
  }

  hasPlace() {
    return !this.shape || this.points().length >= { circle: 1, corridor: 2, polygon: 3 }[this.shape];
  }

  geometry() {
    const at = this.points().map(([lat, lon]) => [lon, lat]);
    if (this.shape === "circle") return { type: "Point", coordinates: at[0] ?? [] };
    if (this.shape === "corridor") return { type: "LineString", coordinates: at };
    if (this.shape === "polygon") return { type: "Polygon", coordinates: [at.length ? [...at, at[0]] : []] };
    return this.given.geometry;
  }

  /** As the API has a zone. */
  value() {
    const size = { circle: { radius_m: this.metres() }, corridor: { width_m: this.metres() } }[this.shape] ?? {};
    const common = { id: this.id.value, kind: this.kind.value, geometry: this.geometry(), buffer_m: Number(this.buffer_m.value) || 0 };
    return { ...common, ...size, timezone: this.timezone.value, schedule: this.schedule.value.trim() || null };
  }

  setFault(key, message) {
    const input = { points: this.places, id: this.id, kind: this.kind, size: this.size, buffer_m: this.buffer_m, timezone: this.timezone, schedule: this.schedule }[FIELDS[key] ?? key];
    if (!input?.isConnected) return false;
    setFault(input, message);
    return true;
  }
}

function metresField(value) {
  return el("input", { type: "number", min: 0, step: "any", value });
}

/** circle | polygon | corridor, or null for what can only be drawn elsewhere (several parts, holes). */
function shapeOf(geometry) {
  if (geometry?.type === "Polygon" && geometry.coordinates.length !== 1) return null;
  return SHAPES[geometry?.type] ?? null;
}

function pointsOf(geometry) {
  const shape = shapeOf(geometry);
  if (!shape) return [];
  const { coordinates } = geometry;
  const all = { circle: () => [coordinates], corridor: () => coordinates, polygon: () => coordinates[0].slice(0, -1) }[shape]();
  return all.map(([lon, lat]) => [lat, lon]);
}

function textOf(points) {
  return points.map((point) => point.join(", ")).join("\n");
}
