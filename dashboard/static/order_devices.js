/** The devices of an order's parties: those that are known, and rows for new ones. */

import { button, choice, el, field, refill, setFault } from "./dom.js";
import { t } from "./words.js";

const FORMATS = ["v1", "owntracks", "traccar"];

export class DeviceEditor {
  /** `personOf(role)` gives what the order's form says now. */
  constructor(known, personOf) {
    this.personOf = personOf;
    this.rows = [];
    this.list = el("div", {});
    const lines = (known ?? []).map((one) => el("li", {}, `${one.id} · ${one.person} · ${one.format}`));
    const names = lines.length ? el("ul", {}, lines) : el("p", { class: "hint" }, t("order.devices.none"));
    this.node = el("fieldset", {}, el("legend", {}, t("devices.title")), names, this.list, button(t("order.devices.add"), () => this.add()));
  }

  add() {
    const row = {
      id: el("input", { maxlength: 64, autocomplete: "off" }),
      role: choice(["protected", "respondent"].map((role) => [role, t(role)]), "protected"),
      format: choice(FORMATS.map((format) => [format, format]), "v1"),
      alias: el("input", { maxlength: 128, autocomplete: "off" }),
    };
    const remove = button(t("order.devices.remove"), () => this.remove(row));
    const pair = (...fields) => el("div", { class: "pair" }, ...fields);
    const first = pair(field(t("head.device"), row.id), field(t("head.party"), row.role));
    const second = pair(field(t("order.devices.format"), row.format), field(t("order.devices.alias"), row.alias));
    row.node = el("fieldset", { class: "zone-form" }, el("legend", {}, t("order.devices.new")), first, second, remove);
    this.rows.push(row);
    refill(this.list, this.rows.map((one) => one.node));
    row.id.focus();
  }

  remove(row) {
    this.rows = this.rows.filter((one) => one !== row);
    row.node.remove();
  }

  /** As the API has new devices. */
  value() {
    return this.rows.map((row) => ({ id: row.id.value.trim(), person: this.personOf(row.role.value), format: row.format.value, alias: row.alias.value.trim() || null }));
  }

  clear() {
    for (const row of this.rows) for (const key of ["id", "format", "alias"]) setFault(row[key], null);
  }

  /** Show a fault at its field, where there is such a one. */
  setFault(index, key, message) {
    const input = this.rows[index]?.[key];
    if (input) setFault(input, message);
  }
}
