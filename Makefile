# The interface: every target below that is a verb calls `gretchen VERB`. `make` alone prints them.
# Works with GNU make 3.81 (macOS) and later.
#
# Recipe lines never hold values. A variable counts only on make's own command line; it is exported raw, as
# GRETCHEN_MAKE_<NAME>, and tools/gretchen/from_make.py passes it to the verb or refuses it.
# Its own variables are `override`: one of them on the command line changes nothing, and is refused like any unknown one.
override GIVEN := $(strip $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name))))
override MAKEOVERRIDES :=
override SHELL := /bin/sh
override .SHELLFLAGS := -c
$(foreach name,$(GIVEN),$(eval unexport $(name))$(eval export GRETCHEN_MAKE_$(name) = $$(value $(name))))
export GRETCHEN_MAKE := $(GIVEN)
export GRETCHEN_GOALS := $(MAKECMDGOALS)

override READY := .venv/.gretchen-setup
# Installs the requirements of every project, for lint and tests. A target with PROJECT=… installs those of that project.
override ALL_REQUIREMENTS := .venv/.gretchen-projects
override GRETCHEN := @.venv/bin/python -m gretchen.from_make
# These targets take no variables: one that is given to them alone is a mistake.
override ALONE := help setup test-all clean
override REFUSE = $(if $(GIVEN),$(if $(filter-out $(ALONE),$(MAKECMDGOALS)),,$(error \
unknown variable '$(firstword $(GIVEN))': make $@ takes none)))

.PHONY: help setup doctor lock model data show recipe explain check inspect plan train merge eval runs answers ask playground label judge report table review pipeline score lm-eval base new \
	fork upgrade convert sync lint test test-all clean $(ALL_REQUIREMENTS)

help:  ## this list
	@$(REFUSE)printf '%s\n' 'Begin with these three:' \
		'  make doctor                          what this machine has, and which profile fits' \
		'  make train PROJECT=genome-chatbot    from data to a trained adapter, minutes on any laptop' \
		'  make eval PROJECT=genome-chatbot     base and trained model on the same questions' \
		'then your own project: docs/first-project.md. All targets:' ''
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1 \2/p' Makefile

# setup.py compares the files' hashes where their times are newer than the stamp's.
$(READY): pyproject.toml constraints.txt .venv/bin/python
	@PYTHONPATH=tools python3 -m gretchen.commands.setup

.venv/bin/python: ;

$(ALL_REQUIREMENTS): $(READY)
	@.venv/bin/python -m gretchen.lifecycle.requirements

setup: $(READY)  ## make .venv with the pinned packages (every other target does so first, where needed)
	@$(REFUSE):

doctor: $(READY)  ## what this machine has, which profile fits, problems and their fixes [JSON=1]
	$(GRETCHEN) doctor

model: $(READY)  ## [NAME=owner/name]: fetch a pretrained model ahead of time; without NAME the one of the laptop profile
	$(GRETCHEN) model

data: $(READY)  ## PROJECT=… [PROFILE=tiny] [SOURCE=path [ALONE=1]] [HTML=1]: build, check and split the data
	$(GRETCHEN) data

show: $(READY)  ## PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="key=value …"] [JSON=1]: a recipe resolved, with the origin of each value
	$(GRETCHEN) show

recipe: $(READY)  ## PROJECT=… RECIPE=kto: a shared method's recipe written into the project, to change
	$(GRETCHEN) recipe

explain: $(READY)  ## KEY=lora_r [PROJECT=… RECIPE=sft PROFILE=tiny]: what a recipe's key means, and where it is set
	$(GRETCHEN) explain

check: $(READY)  ## [PROJECT=…] [DEEP=1] [JSON=1]: cards, recipes and data, before anything is trained
	$(GRETCHEN) check

inspect: $(READY)  ## PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="key=value …"] [ROWS=3] [HTML=1]: training rows as the model sees them
	$(GRETCHEN) inspect

convert: $(READY)  ## PROJECT=… RECIPE=sft.axolotl [OUTPUT=file]: a recipe in the other engine's words
	$(GRETCHEN) convert

plan: $(READY)  ## PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="key=value …"] [MODEL=config.json] [THROUGHPUT=tokens/s] [JSON=1]: parameters, memory, tokens, steps, time
	$(GRETCHEN) plan

train: $(READY)  ## PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="key=value …"] [RESUME=1] [RUN=id]: from data to a trained adapter
	$(GRETCHEN) train

merge: $(READY)  ## PROJECT=… [RECIPE=sft] [PROFILE=tiny] [RUN=id] [DEQUANTIZED=1]: an adapter merged into its base
	$(GRETCHEN) merge

eval: $(READY)  ## PROJECT=… [RUNS="id id"] [SPLIT=validation] [LIMIT=300] [RECORD=1]: base and trained models on the test rows, side by side
	$(GRETCHEN) eval

runs: $(READY)  ## PROJECT=… [RECIPE=sft] [JSON=1]: the runs: changed values, losses, main metric, state
	$(GRETCHEN) runs

ask: $(READY)  ## PROJECT=… [PROMPT="…"] [RUNS="id id"] [QUESTIONS=1] [SYSTEM="…"] [TEMPERATURE=0] [PROFILE=tiny]: one question to all models, side by side; without PROMPT a chat
	$(GRETCHEN) ask

label: $(READY)  ## PROJECT=… [PROFILE=tiny] [RUNS="id id"] [PROMPTS=50] [ANSWERS=3] [RATERS=2] [PREDICTIONS=file.jsonl] [EXPORT=1]: people rank answers; labels train DPO and KTO
	$(GRETCHEN) label

judge: $(READY)  ## PROJECT=… JUDGE=laptop|run|folder|http://…/v1 [MODEL=…] [MODE=compare|rate|revise] [LIMIT=n] [PRICE="in out"] [COST=1] [EXPORT=1]: a model judges answers by the constitution; decided pairs train DPO
	$(GRETCHEN) judge

playground: $(READY)  ## [PROJECT=…] [PROFILE=tiny] [MODEL=…] [PORT=…]: a page that asks base and trained models side by side, with token probabilities
	$(GRETCHEN) playground

answers: $(READY)  ## PROJECT=… [RECIPE=…] [FORM=…] [FIXED=1] [BROKEN=1] [WRONG=1] [N=20] [PROFILE=tiny] [JSON=1]: answers side by side
	$(GRETCHEN) answers

report: $(READY)  ## PROJECT=… [PROFILE=tiny]: one page with all that a project's result stands on
	$(GRETCHEN) report

table: $(READY)  ## [FROM=teams.yaml]: all projects in the terminal: stages, checks, base, SFT and aligned model
	$(GRETCHEN) table

review: $(READY)  ## [FROM=teams.yaml] [SERVE=1 [PORT=…]]: all projects on one page, and a page for each with the review's checklist
	$(GRETCHEN) review

pipeline: $(READY)  ## PROJECT=… STAGES="pretrain sft dpo" [PROFILE=tiny] [SET="key=value …"] [LIMIT=300]: a chain, and what each stage adds
	$(GRETCHEN) pipeline

score: $(READY)  ## PROJECT=… PREDICTIONS=file.jsonl: the metrics of predictions from anywhere
	$(GRETCHEN) score

lm-eval: $(READY)  ## PROJECT=… [TASKS="arc_easy …" SOURCE=folder] [RUNS="id id"] [LIMIT=n] [JSON=1]: lm-evaluation-harness on its models, on its test rows or the harness's tasks
	$(GRETCHEN) lm-eval

base: $(READY)  ## PROJECT=… [SET="max_steps=2000"] [KEEP=1]: pretrain the project's embedded base model (an hour)
	$(GRETCHEN) base

new: $(READY)  ## PROJECT=… [FROM_FILE=rows.csv] [QUESTION=col ANSWER=col] [TEAM="…"]: a new project from your own rows
	$(GRETCHEN) new

fork: $(READY)  ## FROM=… PROJECT=new-name: a new project, complete and working, from an existing one
	$(GRETCHEN) fork

upgrade: $(READY)  ## FILES="…": recipes of the alignment-handbook, of any year, rewritten in today's keys
	$(GRETCHEN) upgrade

sync: $(READY)  ## [PROJECT=…]: upload to W&B what was tracked offline
	$(GRETCHEN) sync

lock: $(READY)  ## [UPGRADE=1]: write constraints.txt anew
	$(GRETCHEN) lock

lint: $(READY)  ## [PROJECT=…]: ruff, and pre-commit's checks: the package's layers, YAML, secrets, large files …
	$(GRETCHEN) lint

test: $(READY)  ## [PROJECT=…]: the tests, in minutes; of one project: its own, and the contract that every project keeps
	$(GRETCHEN) test

test-all: $(ALL_REQUIREMENTS)  ## the tests, with the slow ones
	@$(REFUSE)OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2 --dist loadfile

clean:  ## remove build/ and caches; runs/ and .venv stay
	@$(REFUSE)rm -rf build .pytest_cache .ruff_cache
