"""Enrollment: its aggregates, its views, and whom it listens to."""

from __future__ import annotations

from mandate_kit.feeding import TOPICS

from chassis.application import Application as App
from services.enrollment.domain.application import Application
from services.enrollment.domain.document import Document
from services.enrollment.domain.enrollment import Enrollment
from services.enrollment.domain.reassignment import Reassignment
from services.enrollment.projections.applications import APPLICATIONS, DOCUMENTS
from services.enrollment.projections.enrollments import ENROLLMENTS, MEDICARE_IDS
from services.enrollment.projections.reassignments import REASSIGNMENTS


class EnrollmentApplication(App):
    """Medicare standing."""

    name = "enrollment"
    aggregates = (Application, Enrollment, Reassignment, Document)
    views = (APPLICATIONS, DOCUMENTS, ENROLLMENTS, MEDICARE_IDS, REASSIGNMENTS)
    hears = TOPICS
